import { randomUUID } from 'node:crypto'
import { linkSync, readFileSync, readlinkSync, renameSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** The right to edit the files of a folder. */
export interface FolderLock {
  /** False when somebody took it away, because it was held for too long. */
  readonly isHeld: () => boolean
  readonly release: () => void
}

export type Locked =
  | { readonly kind: 'locked'; readonly lock: FolderLock }
  | { readonly kind: 'refused'; readonly reason: string }

const PATIENCE_MILLISECONDS = 10_000
const RETRY_MILLISECONDS = 20

/** How old a lock of another host must be to be taken over: nobody here can ask whether its process lives. */
const STALE_MILLISECONDS = 60_000

/**
 * Makes `.bearergate.lock` in a folder, which only one process can. It waits up to 10 s for another one, and takes a
 * lock over whose process has ended.
 */
export const lockFolder = async (folder: string): Promise<Locked> => {
  const path = join(folder, '.bearergate.lock')
  const own = `${process.pid} ${toPlace()} ${randomUUID()}\n`
  for (const end = performance.now() + PATIENCE_MILLISECONDS; ; ) {
    if (create(path, own)) return { kind: 'locked', lock: toLock(path, own) }
    const holder = read(path)
    if (holder !== undefined && isStale(path, holder)) takeAway(path, holder)
    else if (performance.now() > end) {
      const [pid = 'unknown'] = holder?.split(' ') ?? []
      const reason = `${path} is held by process ${pid}: try again when it has ended; if that is no bearergate, remove the file`
      return { kind: 'refused', reason }
    }
    await sleep(RETRY_MILLISECONDS * (0.5 + Math.random()))
  }
}

const toLock = (path: string, own: string): FolderLock => ({
  isHeld: () => read(path) === own,
  release: () => {
    if (read(path) === own) unlinkSync(path)
  },
})

const create = (path: string, content: string): boolean => {
  try {
    writeFileSync(path, content, { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

const isStale = (path: string, holder: string): boolean => {
  const [pid, place] = holder.split(' ')
  if (place === toPlace()) return !isAlive(Number(pid))
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats !== undefined && Date.now() - stats.mtimeMs > STALE_MILLISECONDS
}

/** Where process ids mean the same: one host, and on it one container. */
const toPlace = (): string => {
  try {
    return `${hostname()}/${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return hostname()
  }
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** Two may find the same lock stale at once: what was moved away is looked at again, and a fresh lock is put back. */
const takeAway = (path: string, stale: string): void => {
  const aside = `${path}.${randomUUID()}`
  try {
    renameSync(path, aside)
    if (read(aside) !== stale) linkSync(aside, path)
  } catch {
    // Somebody was faster; the next try tells.
  }
  try {
    unlinkSync(aside)
  } catch {
    // It was never moved.
  }
}
