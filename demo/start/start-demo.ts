import { rmSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findEnvoy } from '../../scripts/envoy.ts'
import { isListening } from '../../scripts/ports.ts'
import { showStep } from '../../scripts/show-step.js'
import { answersOk, startProcess, stopAll } from '../../scripts/start-process.ts'
import { listenDemoApi } from './demo-api.ts'
import { writeFirstKey } from './first-key.ts'
import { prepareFolder, writeBootstrap } from './folder.ts'
import { parseSettings, type StartSettings } from './settings.ts'
import { toSummary } from './summary.ts'
import { findTakenPorts } from './taken-ports.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const GRACE = 3_000
const READY_TIMEOUT = 30_000
let stopping: Promise<void> | undefined
/** The file of a key that nobody has seen yet: it goes when the start does not succeed. */
let unseenKey: string | undefined

/** Stops all that was started, once, and ends this process. */
const stop = (status: number): Promise<void> => {
  if (unseenKey) rmSync(unseenKey, { force: true })
  stopping ??= stopAll(GRACE).then(() => process.exit(status))
  return stopping
}

const fail = (message: string): Promise<void> => {
  if (!stopping) console.error(message)
  return stop(1)
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop(0))
process.on('disconnect', () => void stop(0))

const start = async (settings: StartSettings): Promise<void> => {
  const { ports, upstream } = settings
  const files = await prepareFolder(relative(process.cwd(), `${ROOT}.demo`), ports)
  const secret = await writeFirstKey(files.keySet, 'demo')
  if (secret) unseenKey = files.keySet

  const gate = startProcess({
    name: 'The gate',
    command: process.execPath,
    args: [`${ROOT}src/main.ts`, 'serve', '--config', files.policy],
    logFile: files.gateLog,
  })
  const [envoy] = await Promise.all([
    showStep('preparing Envoy', findEnvoy),
    writeBootstrap(files.bootstrap, settings),
    upstream ? undefined : listenDemoApi(ports.DEMO_PORT),
    gate.untilReady(answersOk(`http://127.0.0.1:${ports.OPS_PORT}/readyz`), READY_TIMEOUT),
  ])

  const proxy = startProcess({
    name: 'Envoy',
    command: envoy,
    args: ['-c', files.bootstrap, '--disable-hot-restart', '--log-level', 'warning', '--concurrency', '2'],
    logFile: files.envoyLog,
  })
  await proxy.untilReady(answersOk(`http://127.0.0.1:${ports.ADMIN_PORT}/ready`), READY_TIMEOUT)

  console.log(toSummary(settings, files, secret))
  unseenKey = undefined
  if (upstream && !(await isListening(upstream.host, upstream.port))) {
    console.log(`Nothing listens on ${upstream.host}:${upstream.port} yet: until it does, Envoy answers 503.\n`)
  }
  const ended = await Promise.race([gate, proxy].map((process) => process.ended.then(() => process)))
  await fail(ended.toProblem('ended by itself'))
}

const parsed = parseSettings(process.env)
const problem = parsed.kind === 'refused' ? parsed.problems.join('\n') : await findTakenPorts(parsed.settings)
if (parsed.kind === 'refused' || problem) await fail(problem ?? '')
else await start(parsed.settings).catch((error: Error) => fail(error.message))
