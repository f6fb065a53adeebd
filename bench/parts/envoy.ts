import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findEnvoy } from '../../scripts/envoy.ts'
import { findFreePorts } from '../../scripts/ports.ts'
import type { Bootstrap } from '../../test/e2e/read-bootstrap.ts'
import type { Bench, Part } from '../bench.ts'
import {
  askOverHttp,
  renderShipped,
  replaceFilter,
  showAllHeaders,
  showHeadersAsMap,
  toApiKeyAuth,
  toJwtAuthn,
} from '../envoy-bootstrap.ts'
import type { Shown } from '../fixtures.ts'
import { runLoad } from '../load-program.ts'
import { toMicroseconds, toMilliseconds, toRatio, toTable } from '../markdown.ts'
import { cheapestOf, measureInRounds } from '../rounds.ts'
import { type RunningGate, startGate, startReference } from '../servers.ts'
import { type RunningServer, startServer } from '../start-server.ts'

interface Row {
  readonly title: string
  /** What it gives up for what it costs. */
  readonly lacks: string
  readonly shown?: Shown
  /** Who is asked, if somebody is. */
  readonly asks?: 'tcp' | 'socket' | 'reference'
  readonly toBootstrap: (shipped: Bootstrap, bench: Bench, gate: RunningGate) => Bootstrap
}

const asShipped = (shipped: Bootstrap): Bootstrap => shipped

const ROWS: readonly Row[] = [
  { title: 'no authorization', lacks: 'all', toBootstrap: (shipped) => replaceFilter(shipped) },
  {
    title: 'Envoy’s own `api_key_auth`',
    lacks: 'secrets stand in Envoy’s configuration as they are; no expiry, no routes, no reload of a file of keys',
    toBootstrap: (shipped, { fixtures }) => replaceFilter(shipped, toApiKeyAuth(fixtures)),
  },
  {
    title: 'Envoy’s own `jwt_authn`, ES256',
    lacks: 'no API keys, no introspection; one answer for every fault',
    shown: 'ES256',
    toBootstrap: (shipped, { fixtures }) => replaceFilter(shipped, toJwtAuthn(fixtures)),
  },
  {
    title: 'grpc-go reference over TCP',
    lacks: 'all but the look-up',
    asks: 'reference',
    toBootstrap: showHeadersAsMap,
  },
  { title: 'bearergate over TCP, as shipped', lacks: 'nothing', asks: 'tcp', toBootstrap: asShipped },
  {
    title: 'bearergate over a unix socket, as shipped for a sidecar',
    lacks: 'nothing, where both share a folder',
    asks: 'socket',
    toBootstrap: asShipped,
  },
  {
    title: 'bearergate over a unix socket, ES256 seen before',
    lacks: 'nothing',
    asks: 'socket',
    shown: 'ES256',
    toBootstrap: asShipped,
  },
  {
    title: 'bearergate over TCP, all headers',
    lacks: 'cookies and whatever else a client sends go to the gate',
    asks: 'tcp',
    toBootstrap: showAllHeaders,
  },
  {
    title: 'bearergate over HTTP, as in examples/envoy-http',
    lacks: 'dynamic metadata, context extensions; an outage is closed only while `failure_mode_allow` is false',
    asks: 'tcp',
    toBootstrap: (shipped, _, gate) => askOverHttp(shipped, gate.http),
  },
]

/** Requests through Envoy with one thread, at saturation: what they cost Envoy and whom it asks. */
export const measureEnvoy: Part = async (bench) => {
  const tcp = await startGate(bench)
  const socket = await startGate(bench, { isOnSocket: true })
  const asked = { tcp, socket, reference: await startReference(bench) }
  const envoys = new Map<Row, RunningServer>()
  for (const row of ROWS) {
    const shipped = renderShipped(tcp.config, asked[row.asks ?? 'tcp'].address)
    envoys.set(row, await startEnvoy(bench, row.toBootstrap(shipped, bench, tcp)))
  }
  const resultsOf = await measureInRounds(ROWS, bench.rounds, async (row, round) => {
    bench.report(`round ${round}: ${row.title}`)
    const { shown = 'key', asks } = row
    const envoy = envoys.get(row) as RunningServer
    const others = asks ? [asked[asks]] : []
    const result = await runLoad(bench, envoy, { form: 'request', shown, others })
    const [other = 0] = result.otherCpus
    return { ...result, cpu: result.cpu + other, envoy: result.cpu, other }
  })
  for (const server of [...envoys.values(), ...Object.values(asked)]) await server.stop()

  const measured = ROWS.map((row) => ({ row, ...cheapestOf(resultsOf(row)) }))
  const shipped = measured.find(({ row }) => row.asks === 'tcp')
  const toCells = ({ row, perSecond, cpu, envoy, other, p50, p99 }: (typeof measured)[number]): readonly string[] => [
    row.title,
    perSecond.toFixed(0),
    toMicroseconds(envoy),
    row.asks ? toMicroseconds(other) : '',
    toRatio(cpu / (shipped?.cpu ?? cpu)),
    toMilliseconds(p50),
    toMilliseconds(p99),
    row.lacks,
  ]
  const head = [
    '',
    'requests a second',
    'CPU a request, Envoy',
    'who is asked',
    'both, to TCP as shipped',
    'p50',
    'p99',
  ]
  return toTable([...head, 'what it lacks'], measured.map(toCells))
}

/** Envoy with one thread; its access log goes to /dev/null. */
const startEnvoy = async ({ fixtures, report }: Bench, bootstrap: Bootstrap): Promise<RunningServer> => {
  const [port = 0] = await findFreePorts(1)
  const path = join(fixtures.folder, `envoy-${port}.json`)
  for (const listener of bootstrap.static_resources.listeners) {
    listener.address = { socket_address: { address: '127.0.0.1', port_value: port } }
  }
  writeFileSync(path, JSON.stringify(bootstrap))
  return startServer({
    command: await findEnvoy(report),
    args: ['-c', path, '--disable-hot-restart', '--concurrency', '1', '--log-level', 'error'],
    address: `127.0.0.1:${port}`,
  })
}
