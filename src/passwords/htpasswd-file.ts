import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Observer } from '../ops/observer.ts'
import { watchFolders } from '../watch-folders.ts'
import { parseHtpasswd, type User } from './parse-htpasswd.ts'

/** A file of users and their passwords, always as it is now. */
export interface HtpasswdFile {
  /** Undefined until it was read once. */
  readonly users: () => ReadonlyMap<string, User> | undefined
  /** What is wrong with it now, in words for the log and `/readyz`. */
  readonly problems: () => readonly string[]
  readonly close: () => void
}

/** Opens the file; resolves when it was tried once. It is read again when it changes; one that cannot be read stays as it was. */
export const openHtpasswdFile = async (path: string, observer: Observer): Promise<HtpasswdFile> => {
  let text: string | undefined
  let users: ReadonlyMap<string, User> | undefined
  let problems: readonly string[] = []

  const load = async (): Promise<void> => {
    let found: string
    try {
      found = await readFile(path, 'utf8')
    } catch (error) {
      const problem = `${path}: cannot be read: ${error instanceof Error ? error.message : error}`
      if (problems.length !== 1 || problems[0] !== problem) observer.reloaded('passwords', path, [problem])
      problems = [problem]
      text = undefined
      return
    }
    if (found === text) return
    text = found
    const parsed = parseHtpasswd(found)
    users = parsed.users
    problems = parsed.problems.map((problem) => `${path}: ${problem}`)
    observer.reloaded('passwords', path, problems)
  }

  await load()
  return { users: () => users, problems: () => problems, close: watchFolders([dirname(path)], load) }
}
