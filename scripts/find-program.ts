import { access, constants, stat } from 'node:fs/promises'
import { delimiter, resolve } from 'node:path'

/** The program that an environment variable names, else the one of that name on PATH. Throws for a variable that names none. */
export const findProgram = async (variable: string, name: string): Promise<string | undefined> => {
  const named = process.env[variable]
  if (named) {
    if (await isExecutable(named)) return resolve(named)
    throw new Error(`${variable} names ${named}, which is no executable file`)
  }
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const candidate = resolve(folder, name)
    if (folder !== '' && (await isExecutable(candidate))) return candidate
  }
  return undefined
}

const isExecutable = async (path: string): Promise<boolean> => {
  try {
    await access(path, constants.X_OK)
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}
