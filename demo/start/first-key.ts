import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { mintKey } from '../../src/key/new-key.ts'

/**
 * Mints a key, writes a new key set file that holds its digest alone, and returns its secret, which is stored nowhere.
 * Undefined, and nothing is changed, when there is such a file already.
 */
export const writeFirstKey = async (file: string, id: string): Promise<string | undefined> => {
  const { secret, record } = mintKey({ id, scopes: [] })
  const hint = '# Made by the demo. Only the digest is kept: delete this file, and the next start makes a new key.'
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  try {
    await writeFile(file, `${hint}\nkeys:\n${record}`, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined
    throw error
  }
  return secret
}
