import type { Observer } from '../ops/observer.ts'
import { type HtpasswdFile, openHtpasswdFile } from './htpasswd-file.ts'

/** All files of passwords that a policy names, by their paths. */
export type Passwords = ReadonlyMap<string, HtpasswdFile>

/** Opens the files; those that were open `before` are taken over as they are. */
export const openPasswords = async (
  paths: readonly string[],
  observer: Observer,
  before?: Passwords,
): Promise<Passwords> => {
  const open = async (path: string) => [path, before?.get(path) ?? (await openHtpasswdFile(path, observer))] as const
  return new Map(await Promise.all([...new Set(paths)].map(open)))
}

/** Closes the files that the next policy, if there is one, does not name. */
export const closePasswords = (passwords: Passwords, next?: Passwords): void => {
  for (const [path, file] of passwords) if (!next?.has(path)) file.close()
}
