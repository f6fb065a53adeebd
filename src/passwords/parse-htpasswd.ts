import { isHeaderValue } from '../core/header-value.ts'
import type { Verified } from '../core/ports.ts'
import { type PasswordHash, parsePasswordHash } from './password-hash.ts'

/** Somebody who has a password. */
export interface User {
  readonly hash: PasswordHash
  /** One object as long as the file stays as it is: answers are remembered by it. */
  readonly verified: Verified
}

export interface ParsedHtpasswd {
  readonly users: ReadonlyMap<string, User>
  /** `line 3: …` for each line that is refused; none quotes what stands there. */
  readonly problems: readonly string[]
}

/** Reads lines of `name:hash`. A bad one is refused alone; empty lines and those that start with # are passed over. */
export const parseHtpasswd = (text: string): ParsedHtpasswd => {
  const users = new Map<string, User>()
  const problems: string[] = []
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.replace(/\r$/, '')
    if (line === '' || line.startsWith('#')) continue
    const problem = addUser(users, line)
    if (problem !== undefined) problems.push(`line ${index + 1}: ${problem}`)
  }
  return { users, problems }
}

const addUser = (users: Map<string, User>, line: string): string | undefined => {
  const colon = line.indexOf(':')
  const name = line.slice(0, Math.max(colon, 0))
  if (!isHeaderValue(name)) return 'write NAME:HASH, with a name of visible ASCII and inner spaces'
  // htpasswd allows further fields, which mean nothing to us.
  const parsed = parsePasswordHash(
    line
      .slice(colon + 1)
      .split(':', 1)[0]
      ?.trim() ?? '',
  )
  if (parsed.kind === 'refused') return parsed.problem
  if (users.has(name)) return 'the user stands in a line above'
  users.set(name, {
    hash: parsed.hash,
    verified: { kind: 'verified', principal: { kind: 'user', subject: name, scopes: [], claims: new Map() } },
  })
  return undefined
}
