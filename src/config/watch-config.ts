import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { watchFolders } from '../watch-folders.ts'
import { type Config, type Loaded, loadConfig } from './load.ts'

/**
 * Loads the configuration again when its file, or a file that it names, has changed. A refused one is told about too,
 * once; whoever listens keeps what it has. Returns how to stop.
 */
export const watchConfig = (
  path: string,
  first: Config,
  environment: Readonly<Record<string, string | undefined>>,
  onLoaded: (loaded: Loaded) => Promise<void>,
): (() => void) => {
  let readFrom = first.readFrom
  let content = readAll(readFrom)
  let stop = (): void => undefined
  const watch = (): void => {
    stop()
    stop = watchFolders(readFrom.map(dirname), reload)
  }
  const reload = async (): Promise<void> => {
    const now = readAll(readFrom)
    if (now === content) return
    content = now
    const loaded = loadConfig(path, environment)
    await onLoaded(loaded)
    if (loaded.kind === 'refused' || loaded.config.readFrom.join() === readFrom.join()) return
    readFrom = loaded.config.readFrom
    content = readAll(readFrom)
    watch()
  }
  watch()
  return () => stop()
}

const readAll = (paths: readonly string[]): string => paths.map(readOne).join('\0')

const readOne = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    return String(error)
  }
}
