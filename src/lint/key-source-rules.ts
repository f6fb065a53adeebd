import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { CredentialConfig } from '../config/credentials-schema.ts'
import type { RouteConfig } from '../config/schema.ts'
import type { Part } from './part.ts'
import type { PolicyScene } from './policy-scene.ts'
import type { Rule } from './rule.ts'

/** Who else can read and write the files that credentials come from. */
export const keySourceRules: readonly Rule<PolicyScene>[] = [
  {
    code: 'BG120',
    level: 'error',
    title: 'others can write to a key source',
    why: 'Whoever writes there gives themselves a key.',
    fix: 'chmod go-w it.',
    find: (scene) =>
      toFiles(scene).flatMap(({ at, path, mode }) =>
        (mode & 0o002) !== 0 ? [{ at, what: `${path} is ${show(mode)}` }] : [],
      ),
  },
  {
    code: 'BG121',
    level: 'warning',
    title: 'others can read a secret',
    why: 'A plain secret, or a password for the upstream, is as good as the person who reads it.',
    fix: 'chmod go-r it, or keep the digest alone: bearergate key new stores nothing else.',
    find: (scene) =>
      toFiles(scene).flatMap(({ at, path, mode, isSecret }) =>
        isSecret && (mode & 0o004) !== 0 ? [{ at, what: `${path} is ${show(mode)}` }] : [],
      ),
  },
]

interface SourceFile {
  readonly at: Part
  readonly path: string
  readonly mode: number
  /** True when the file holds a secret and no digest. */
  readonly isSecret: boolean
}

/** Folders, key sets, plain secrets and password files. What is not there now is no finding. */
const toFiles = ({ root, file }: PolicyScene): readonly SourceFile[] => [
  ...file.keys.flatMap((source, index) => {
    const at = root.get('keys').items()[index] ?? root
    if (source.file) return readMode(at, source.file, false)
    if (!source.directory) return []
    const { directory } = source
    // The folder of a mounted Secret is open to all, with the sticky bit, and read-only.
    const folder = readMode(at, directory, false).filter(({ mode }) => (mode & 0o1000) === 0)
    return [...folder, ...list(directory).flatMap((name) => readMode(at, join(directory, name), !KEY_SET.test(name)))]
  }),
  ...file.routes.flatMap(({ authorization, credentials = [] }, index) => {
    const at = root.get('routes').items()[index] ?? root
    return [
      ...toSecretFiles(authorization).flatMap((path) => readMode(at.get('authorization'), path, true)),
      // Who reads the hashes can guess at the passwords.
      ...credentials.flatMap(toHtpasswdFiles).flatMap((path) => readMode(at.get('credentials'), path, true)),
    ]
  }),
]

const toSecretFiles = (authorization: RouteConfig['authorization']): readonly string[] => {
  if (typeof authorization !== 'object') return []
  return 'basic' in authorization ? [authorization.basic.passwordFile] : [authorization.bearer.secretFile]
}

const toHtpasswdFiles = (credential: CredentialConfig): readonly string[] =>
  typeof credential === 'object' && 'basic' in credential ? [credential.basic.htpasswdFile ?? []].flat() : []

const KEY_SET = /\.(?:ya?ml|jsonl?)$/

const list = (directory: string): readonly string[] => {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.'))
      .map(({ name }) => name)
  } catch {
    return []
  }
}

const readMode = (at: Part, path: string, isSecret: boolean): readonly SourceFile[] => {
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats ? [{ at, path, mode: stats.mode & 0o7777, isSecret }] : []
}

const show = (mode: number): string => mode.toString(8).padStart(4, '0')
