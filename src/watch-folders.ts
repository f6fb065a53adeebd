import { type FSWatcher, watch } from 'node:fs'

/** Called after a change, and from time to time. It is never called again before it has ended. */
export type OnChange = () => void | Promise<void>

const POLL_MILLISECONDS = 2_000
const SETTLE_MILLISECONDS = 50

/**
 * Watches folders, not files: a mounted Kubernetes Secret changes by the swap of a link in its folder. Events are
 * gathered for 50 ms; where none come (network file systems, a folder that was away) a poll every 2 s finds the change.
 * `onChange` must be cheap when nothing has changed, and must not throw. Returns how to stop.
 */
export const watchFolders = (folders: readonly string[], onChange: OnChange): (() => void) => {
  const watchers = new Map<string, FSWatcher>()
  let timer: NodeJS.Timeout | undefined
  let running = false
  let again = false

  const run = async (): Promise<void> => {
    timer = undefined
    if (running) {
      again = true
      return
    }
    running = true
    do {
      again = false
      await onChange()
    } while (again)
    running = false
  }
  const soon = (): void => {
    timer ??= setTimeout(() => void run(), SETTLE_MILLISECONDS)
  }
  const attach = (): void => {
    for (const folder of new Set(folders)) {
      if (watchers.has(folder)) continue
      try {
        const watcher = watch(folder, { persistent: false }, soon)
        watcher.on('error', () => detach(folder))
        watchers.set(folder, watcher)
      } catch {
        // The folder is away, or the system has no watch left: the poll goes on.
      }
    }
  }
  const detach = (folder: string): void => {
    watchers.get(folder)?.close()
    watchers.delete(folder)
  }

  attach()
  const poll = setInterval(() => {
    attach()
    soon()
  }, POLL_MILLISECONDS)
  poll.unref()
  return () => {
    clearInterval(poll)
    clearTimeout(timer)
    for (const folder of watchers.keys()) detach(folder)
  }
}
