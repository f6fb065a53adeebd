import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, rmSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { track } from '../../scripts/start-process.ts'

type Report = (detail: string) => void

/**
 * The Python interpreter of a private virtual environment in the user's cache folder with one package installed, made
 * the first time. Programs of the package run by `-m`: the folder is made under another name and renamed when whole, so
 * the paths inside the scripts of its `bin` do not hold.
 */
export const findPython = async (name: string, version: string, report: Report): Promise<string> => {
  const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'bearergate')
  const home = join(cache, `${name}-${version}`)
  const toPython = (folder: string) => join(folder, 'bin', 'python')
  if (existsSync(toPython(home))) return toPython(home)
  await mkdir(cache, { recursive: true })
  const draft = await mkdtemp(`${home}.new-`)
  process.once('exit', () => rmSync(draft, { recursive: true, force: true }))
  try {
    report('making a Python virtual environment')
    await run('python3', ['-m', 'venv', draft], report, "install Python's venv (Debian: apt-get install python3-venv)")
    const pip = ['-m', 'pip', 'install', '--disable-pip-version-check', '--progress-bar=off', `${name}==${version}`]
    await run(toPython(draft), pip, report, 'make Python packages reachable for pip, then try again')
    await rename(draft, home).catch((error: Error) => {
      // Another process was faster, and what it put there is whole.
      if (!existsSync(toPython(home))) throw error
    })
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
  return toPython(home)
}

const run = async (command: string, args: string[], report: Report, remedy: string): Promise<void> => {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  track(child)
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (/^(?:Collecting|Downloading|Building|Installing)/.test(line)) report(line.slice(0, 60))
  })
  const [status] = await once(child, 'close').catch((error: Error) => [error.message])
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed (${status})\n${errors}What to do: ${remedy}`)
}
