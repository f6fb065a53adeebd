import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Policy } from '../core/check.ts'
import { isToken } from '../core/credential.ts'
import { toAbsolute } from './absolute-paths.ts'
import { findKeyFault } from './client-key.ts'
import { type Problem, parseDocument } from './document.ts'
import { toPolicy } from './policy.ts'
import { type ConfigFile, configSchema } from './schema.ts'

/** A configuration that was read whole: the file, with its paths made absolute, and the policy in it. */
export interface Config {
  readonly file: ConfigFile
  readonly policy: Policy
  /** The content of each file that holds a secret of our own, by its path. */
  readonly secrets: ReadonlyMap<string, string>
}

export type Loaded = (
  | { readonly kind: 'loaded'; readonly config: Config }
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] }
) & {
  /** All files that were read or looked for, with what was found: a change of one asks for a reload. */
  readonly readFrom: ReadonlyMap<string, string>
}

/** Reads a configuration file and the files with secrets that it names; every problem is reported at once. */
export const loadConfig = (path: string, environment: Readonly<Record<string, string | undefined>>): Loaded => {
  const readFrom = new Map<string, string>()
  const read = (name: string): TextFile => {
    const text = readTextFile(name)
    readFrom.set(resolve(name), toContent(text))
    return text
  }
  const text = read(path)
  if (text.kind === 'failed') {
    return { kind: 'refused', problems: [{ path: '', line: 1, column: 1, message: text.message }], readFrom }
  }
  const parsed = parseDocument(text.content, configSchema, environment)
  if (parsed.kind === 'refused') return { ...parsed, readFrom }
  const file = toAbsolute(parsed.value, dirname(resolve(path)))

  const secrets = new Map<string, string>()
  const problems: Problem[] = []
  for (const { path: field, name, findFault = () => undefined } of toSecretFiles(file)) {
    const secret = read(name)
    const content = secret.kind === 'read' ? secret.content.replace(/\r?\n$/, '') : ''
    const empty = content === '' ? 'the file is empty' : undefined
    const fault = secret.kind === 'failed' ? secret.message : (empty ?? findFault(content))
    if (fault !== undefined) problems.push(parsed.toProblem(field, fault))
    secrets.set(name, content)
  }
  if (problems.length > 0) return { kind: 'refused', problems, readFrom }
  return { kind: 'loaded', config: { file, policy: toPolicy(file, secrets), secrets }, readFrom }
}

interface SecretFile {
  /** Where the configuration names it. */
  readonly path: readonly PropertyKey[]
  readonly name: string
  /** What is wrong with its content. */
  readonly findFault?: (content: string) => string | undefined
}

const toSecretFiles = ({ routes, introspection }: ConfigFile): readonly SecretFile[] => [
  ...routes.flatMap(({ authorization }, index): readonly SecretFile[] => {
    if (typeof authorization !== 'object') return []
    const path = ['routes', index, 'authorization']
    return 'basic' in authorization
      ? [{ path: [...path, 'basic', 'passwordFile'], name: authorization.basic.passwordFile }]
      : [{ path: [...path, 'bearer', 'secretFile'], name: authorization.bearer.secretFile, findFault: findTokenFault }]
  }),
  ...introspection.flatMap(({ clientSecretFile, clientKeyFile }, index) => [
    ...(clientSecretFile ? [{ path: ['introspection', index, 'clientSecretFile'], name: clientSecretFile }] : []),
    ...(clientKeyFile
      ? [{ path: ['introspection', index, 'clientKeyFile'], name: clientKeyFile, findFault: findKeyFault }]
      : []),
  ]),
]

const findTokenFault = (content: string): string | undefined =>
  isToken(content) ? undefined : 'it holds a character that no bearer can carry (RFC 6750 §2.1), or is too long'

type TextFile =
  | { readonly kind: 'read'; readonly content: string }
  | { readonly kind: 'failed'; readonly message: string }

/** What is in a file, or why it cannot be read: to be compared with what was found before. */
export const readContent = (path: string): string => toContent(readTextFile(path))

const toContent = (text: TextFile): string => (text.kind === 'read' ? text.content : text.message)

const readTextFile = (path: string): TextFile => {
  try {
    return { kind: 'read', content: readFileSync(path, 'utf8') }
  } catch (error) {
    return { kind: 'failed', message: `cannot be read: ${error instanceof Error ? error.message : error}` }
  }
}
