import { execFileSync } from 'node:child_process'
import { cpus, loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { buildGoPrograms } from '../scripts/build-go-programs.ts'
import { makeFixtures, type Shown } from './fixtures.ts'
import { type Measured, runLoad } from './load-program.ts'
import {
  type RunningServer,
  startConstant,
  startEnvoy,
  startGate,
  startReference,
  toAsking,
  toHttpAddress,
} from './servers.ts'

/**
 * Prints what a check costs here, beside the least that @grpc/grpc-js can do and the same task in Go, as Markdown. Linux
 * alone; it takes some minutes. Nothing fails for being slow: times are of this machine, ratios are what counts.
 */
const SECONDS = Number(process.argv[2] ?? 4)
const STEADY = 2_000
const ROUNDS = 2

const programs = await buildGoPrograms({
  name: 'bench',
  folder: fileURLToPath(new URL('go', import.meta.url)),
  packages: ['./load', './reference'],
  takes: 'some minutes',
})
const fixtures = await makeFixtures()
process.on('exit', fixtures.remove)

interface Row {
  readonly title: string
  readonly shown: Shown
  /** Asked over HTTP, where a gate that listens there answers. */
  readonly isHttp?: boolean
  readonly start: (address: string) => Promise<RunningServer>
}

const gate = (address: string) => startGate(fixtures, address)
const gateWithoutCache = (address: string) => startGate(fixtures, address, false)
const reference = (address: string) => startReference(programs, fixtures, address)

const ROWS: readonly Row[] = [
  { title: 'bearergate, API key', shown: 'key', start: gate },
  { title: 'bearergate over HTTP, API key', shown: 'key', isHttp: true, start: gate },
  { title: '@grpc/grpc-js, constant answer', shown: 'key', start: startConstant },
  { title: 'grpc-go, API key', shown: 'key', start: reference },
  { title: 'bearergate, token seen before', shown: 'ES256', start: gate },
  ...(['RS256', 'ES256', 'EdDSA'] as const).flatMap((shown) => [
    { title: `bearergate, new token, ${shown}`, shown, start: gateWithoutCache },
    { title: `grpc-go, token, ${shown}`, shown, start: reference },
  ]),
  ...(['no credential', 'unknown key', 'unknown kid', 'bad signature'] as const).map((shown) => ({
    title: `bearergate, ${shown}`,
    shown,
    start: gate,
  })),
]

let port = 19_100
/** The round in which it cost least is the one that other programs disturbed least. */
const measure = async ({ shown, isHttp = false, start }: Row, rate: number): Promise<Measured> => {
  const messages = isHttp ? fixtures.questions : (fixtures.messages.get(shown) ?? '')
  const started = await start(`127.0.0.1:${port++}`)
  const server = { ...started, address: isHttp ? toHttpAddress(started.address) : started.address }
  const rounds: Measured[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    rounds.push(await runLoad(programs, server, { messages, rate, isHttp, seconds: SECONDS }))
  }
  await server.stop()
  const best = rounds.toSorted((a, b) => a.cpu - b.cpu)[0]
  if (!best || best.unavailable > 0) throw new Error(`calls failed: ${JSON.stringify(rounds)}`)
  return best
}

const [processor] = cpus()
console.log(
  [
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${processor?.model}, load ${loadavg()[0]?.toFixed(1)}, Node ${process.version},`,
    `${execFileSync('go', ['version'], { encoding: 'utf8' }).trim()}`,
    '',
    `| | CPU a check, saturated | checks a second | CPU a check, ${STEADY}/s | p50 | p99 | memory |`,
    '|---|---|---|---|---|---|---|',
  ].join('\n'),
)
for (const row of ROWS) {
  const full = await measure(row, 0)
  const steady = await measure(row, STEADY)
  const cells = [
    row.title,
    `${full.cpu.toFixed(0)} µs`,
    full.perSecond.toFixed(0),
    `${steady.cpu.toFixed(0)} µs`,
    `${steady.p50.toFixed(2)} ms`,
    `${steady.p99.toFixed(1)} ms`,
    `${steady.memory.toFixed(0)} MB`,
  ]
  console.log(`| ${cells.join(' | ')} |`)
}

console.log(
  '\n| through Envoy, one thread, saturated | requests a second | CPU a request, Envoy | gate | p99 |\n|---|---|---|---|---|',
)
for (const kind of ['grpc', 'http', 'none'] as const) {
  const server = await startGate(fixtures, `127.0.0.1:${port++}`)
  const [filter, cluster] = kind === 'none' ? [undefined, undefined] : toAsking(kind, server.address)
  const envoy = await startEnvoy(fixtures, `127.0.0.1:${port++}`, filter, cluster ? [cluster] : [])
  const options = { messages: fixtures.requests, rate: 0, isHttp: true, others: [server.pid], seconds: SECONDS }
  const { perSecond, cpu, otherCpus, p99, refused } = await runLoad(programs, envoy, options)
  if (refused > 0) throw new Error(`${refused} good keys were refused through Envoy`)
  const titles = { grpc: 'asks bearergate over gRPC', http: 'asks bearergate over HTTP', none: 'asks nobody' }
  const cells = [titles[kind], perSecond.toFixed(0), `${cpu.toFixed(0)} µs`, `${otherCpus[0]?.toFixed(0)} µs`]
  console.log(`| ${[...cells, `${p99.toFixed(1)} ms`].join(' | ')} |`)
  await envoy.stop()
  await server.stop()
}
