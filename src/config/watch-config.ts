import { dirname } from 'node:path'
import { watchFolders } from '../watch-folders.ts'
import { type Loaded, loadConfig, readContent } from './load.ts'

/**
 * Loads the configuration again when its file, or a file that it names, has changed since it was read for `first`. A
 * refused one is told about too, once; whoever listens keeps what it has. Returns how to stop.
 */
export const watchConfig = (
  path: string,
  first: Loaded,
  environment: Readonly<Record<string, string | undefined>>,
  onLoaded: (loaded: Loaded) => Promise<void>,
): (() => void) => {
  // What was read is what is compared with: a change while another one is taken over is seen after it.
  let known = first.readFrom
  let turn = Promise.resolve()
  let stop = (): void => undefined
  const watch = (): void => {
    stop()
    stop = watchFolders([...known.keys()].map(dirname), reload)
  }
  const reload = (): Promise<void> => {
    turn = turn.then(reloadOnce)
    return turn
  }
  const reloadOnce = async (): Promise<void> => {
    if ([...known].every(([file, content]) => readContent(file) === content)) return
    const before = [...known.keys()].join()
    const loaded = loadConfig(path, environment)
    known = loaded.readFrom
    if ([...known.keys()].join() !== before) watch()
    await onLoaded(loaded)
  }
  watch()
  return () => stop()
}
