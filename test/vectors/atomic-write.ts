import { mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** Writes a file so that a reader sees the old content or the new one. The draft lies outside the file's own folder. */
export const writeByRename = async (dir: string, path: string, text: string): Promise<void> => {
  const draft = join(dir, '.drafts', path.replaceAll('/', '-'))
  await mkdir(dirname(draft), { recursive: true })
  await mkdir(dirname(join(dir, path)), { recursive: true })
  await writeFile(draft, text)
  await rename(draft, join(dir, path))
}
