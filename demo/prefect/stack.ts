import { rmSync } from 'node:fs'
import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findEnvoy } from '../../scripts/envoy.ts'
import { findFreePorts } from '../../scripts/ports.ts'
import type { ShowStep } from '../../scripts/show-step.js'
import { answersOk, type StartedProcess, startProcess, stopAll } from '../../scripts/start-process.ts'
import { HOSTS, writePrefectFiles } from './files.ts'
import { findPython } from './python.ts'

/** The newest Prefect when this was written. */
export const PREFECT = '3.9.1'
const GATE = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const START_TIMEOUT = 120_000
const PROGRAM_TIMEOUT = 180_000
const GRACE = 5_000

/** A Prefect server behind Envoy and the gate: the API on one host, closed; the UI on another, open. */
export interface PrefectStack {
  readonly port: number
  /** Host names as clients write them, with the port. */
  readonly hosts: { readonly api: string; readonly ui: string }
  readonly secret: string
  readonly gate: StartedProcess
  /** Runs a Python program as a Prefect client of the API, with the key or without. */
  python(args: readonly string[], options: { readonly withKey: boolean }): Promise<ProgramResult>
  /** Stops all that this process has started. */
  close(): Promise<void>
}

export interface ProgramResult {
  readonly status: number
  /** Both output streams. */
  readonly output: string
}

/** Starts it all on free loopback ports, in a temporary folder that goes when this process ends. */
export const startPrefectStack = async (showStep: ShowStep): Promise<PrefectStack> => {
  const envoy = await showStep('preparing Envoy', findEnvoy)
  const python = await showStep(`installing Prefect ${PREFECT} (a minute or two the first time)`, (report) =>
    findPython('prefect', PREFECT, report),
  )
  const folder = await mkdtemp(join(tmpdir(), 'bearergate-prefect-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const [listener = 0, admin = 0, gatePort = 0, ops = 0, service = 0] = await findFreePorts(5)
  const secret = await writePrefectFiles(folder, { listener, admin, gate: gatePort, ops, service })
  const hosts = { api: `${HOSTS.api}:${listener}`, ui: `${HOSTS.ui}:${listener}` }
  const run = (name: string, command: string, args: readonly string[], environment = process.env): StartedProcess =>
    startProcess({ name, command, args, logFile: join(folder, `${name}.log`), cwd: folder, environment })

  const startAll = async (): Promise<StartedProcess> => {
    const server = ['-m', 'prefect', 'server', 'start', '--host', '127.0.0.1', '--port', String(service)]
    const settings = {
      PREFECT_UI_API_URL: `http://${hosts.api}/api`,
      PREFECT_SERVER_CORS_ALLOWED_ORIGINS: `http://${hosts.ui}`,
      PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL: '1',
    }
    const prefect = run('prefect', python, server, toEnvironment(join(folder, 'server'), settings))
    const gate = run('gate', process.execPath, [GATE, 'serve', '--config', 'bearergate.yaml'])
    await gate.untilReady(answersOk(`http://127.0.0.1:${ops}/readyz`), START_TIMEOUT)
    const bootstrap = ['-c', 'envoy.yaml', '--disable-hot-restart', '--log-level', 'warning', '--concurrency', '2']
    const proxy = run('envoy', envoy, bootstrap)
    await proxy.untilReady(answersOk(`http://127.0.0.1:${admin}/ready`), START_TIMEOUT)
    await prefect.untilReady(answersOk(`http://127.0.0.1:${service}/api/ready`), START_TIMEOUT)
    return gate
  }

  let programs = 0
  const runProgram: PrefectStack['python'] = async (args, { withKey }) => {
    const name = `program-${++programs}`
    const settings = {
      PREFECT_API_URL: `http://${hosts.api}/api`,
      ...(withKey && { PREFECT_CLIENT_CUSTOM_HEADERS: JSON.stringify({ Authorization: `Bearer ${secret}` }) }),
    }
    const program = run(name, python, args, toEnvironment(join(folder, 'client'), settings))
    const timer = setTimeout(() => program.kill('SIGKILL'), PROGRAM_TIMEOUT)
    const status = await program.ended
    clearTimeout(timer)
    return { status, output: await readFile(join(folder, `${name}.log`), 'utf8') }
  }

  const gate = await showStep('starting Prefect, the gate and Envoy', startAll)
  return { port: listener, hosts, secret, gate, python: runProgram, close: () => stopAll(GRACE) }
}

/** Nothing of the user's own Prefect settings or proxies, and nothing that calls out. */
export const toEnvironment = (home: string, settings: Readonly<Record<string, string>>): NodeJS.ProcessEnv => {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(?:PREFECT_|PYTHON)|_proxy$/i.test(name))
  return {
    ...Object.fromEntries(inherited),
    PREFECT_HOME: home,
    PREFECT_SERVER_ANALYTICS_ENABLED: 'false',
    DO_NOT_TRACK: '1',
    PYTHONDONTWRITEBYTECODE: '1',
    NO_COLOR: '1',
    COLUMNS: '200',
    ...settings,
  }
}
