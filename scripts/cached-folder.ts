import { existsSync, rmSync } from 'node:fs'
import { mkdir, mkdtemp, rename } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

/**
 * A folder of that name in the user's cache, filled the first time it is asked for. It is made under another name and
 * renamed when it is whole: it is complete, or it is not there.
 */
export const openCachedFolder = async (name: string, fill: (draft: string) => Promise<void>): Promise<string> => {
  const home = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'bearergate', name)
  if (existsSync(home)) return home
  await mkdir(dirname(home), { recursive: true })
  const draft = await mkdtemp(`${home}.new-`)
  const removeDraft = (): void => rmSync(draft, { recursive: true, force: true })
  process.once('exit', removeDraft)
  try {
    await fill(draft)
    await putInPlace(draft, home)
  } finally {
    process.off('exit', removeDraft)
    removeDraft()
  }
  return home
}

const putInPlace = async (draft: string, home: string): Promise<void> => {
  try {
    await rename(draft, home)
  } catch (error) {
    // Another process was faster, and what it put there is whole.
    if (!existsSync(home)) throw error
  }
}
