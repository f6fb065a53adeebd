import { mkdir, readdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Swaps the content of a mounted Secret as the kubelet does: a new folder, `..data` renamed onto it, links beside it. */
export const swapMountedSecret = async (folder: string, files: Readonly<Record<string, string>>): Promise<void> => {
  await mkdir(folder, { recursive: true })
  const before = await readdir(folder)
  const old = before.includes('..data') ? await readlink(join(folder, '..data')) : undefined

  const fresh = `..${new Date().toISOString().replaceAll(/[-:T]/g, '_').replace('Z', '')}`
  await mkdir(join(folder, fresh))
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, fresh, name), text)
  await symlink(fresh, join(folder, '..data_tmp'))
  await rename(join(folder, '..data_tmp'), join(folder, '..data'))

  for (const name of Object.keys(files)) {
    if (!before.includes(name)) await symlink(join('..data', name), join(folder, name))
  }
  for (const name of before) {
    if (!name.startsWith('..') && !(name in files)) await rm(join(folder, name))
  }
  if (old !== undefined) await rm(join(folder, old), { recursive: true })
}
