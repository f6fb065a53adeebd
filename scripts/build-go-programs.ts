import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openCachedFolder } from './cached-folder.ts'
import { findGo } from './go.ts'
import { runProgram } from './run-program.ts'

/** Programs that are built with Go. */
export interface GoPrograms {
  /** What the folder in the user's cache is named after. */
  readonly name: string
  /** A Go module whose `go.mod` and `go.sum` pin all that the programs are made of. */
  readonly folder: string
  readonly packages: readonly string[]
  /** How long it takes, in words. */
  readonly takes: string
}

/** The folder with those programs: built once, and again when a file of the module has changed. */
export const buildGoPrograms = async (
  { name, folder, packages, takes }: GoPrograms,
  report: (line: string) => void = (line) => console.error(line),
): Promise<string> => {
  const home = await openCachedFolder(`${name}-${await toVersion(folder)}`, async (draft) => {
    const go = await findGo(report)
    report(`building ${packages.map((path) => path.split('/').at(-1)).join(' and ')} with Go: once, ${takes}`)
    await mkdir(join(draft, 'bin'))
    const args = ['build', '-buildvcs=false', '-trimpath', '-ldflags', '-s -w', '-o', join(draft, 'bin/')]
    await runProgram(go, [...args, ...packages], 'make Go modules reachable', {
      cwd: folder,
      environment: { GOWORK: 'off', GOFLAGS: '' },
      timeout: 3_600_000,
    })
  })
  return join(home, 'bin')
}

const toVersion = async (folder: string): Promise<string> => {
  const hash = createHash('sha256')
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  for (const file of files.toSorted()) hash.update(await readFile(file))
  return hash.digest('hex').slice(0, 12)
}
