import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { findEnvoy } from '../scripts/envoy.ts'
import { AUDIENCE, type Fixtures, ISSUER } from './fixtures.ts'

/** A server that runs, in a process of its own. */
export interface RunningServer {
  readonly address: string
  readonly pid: number
  /** From the start of its process until it could be connected to, in milliseconds. */
  readonly milliseconds: number
  readonly stop: () => Promise<void>
}

const inProject = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url))

/** Starts a program, and waits until it listens. */
const start = async (command: string, args: readonly string[], address: string): Promise<RunningServer> => {
  const begin = performance.now()
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const ended = once(child, 'exit')
  const [host = '', port] = address.split(':')
  while (!(await isOpen(host, Number(port)))) {
    if (child.exitCode !== null || child.pid === undefined) throw new Error(`${command} did not start`)
    await sleep(5)
  }
  return {
    address,
    pid: child.pid ?? 0,
    milliseconds: performance.now() - begin,
    stop: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}

const isOpen = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection(port, host)
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })

/** bearergate, as the image runs it. `cached` says whether access tokens are remembered. */
export const startGate = ({ folder, jwks }: Fixtures, address: string, cached = true): Promise<RunningServer> => {
  const path = join(folder, 'bearergate.yaml')
  writeFileSync(
    path,
    `listen: {grpc: "${address}", http: "${toHttpAddress(address)}", ops: "127.0.0.1:0"}
doors: [{kind: envoy, path: /envoy, trustedProxies: [127.0.0.1]}]
log: {level: warn}
cache: {tokens: ${cached ? 10_000 : 0}}
keys: [{directory: ./keys}]
issuers: [{issuer: "${ISSUER}", audiences: ["${AUDIENCE}"], jwksFile: "${jwks}", algorithms: [RS256, ES256, EdDSA]}]
routes: [{rule: bearer, host: api.example.com}]
`,
  )
  return start(process.execPath, [inProject('src/main.ts'), 'serve', '--config', path], address)
}

/** Where such a gate answers over HTTP. */
export const toHttpAddress = (grpc: string): string => grpc.replace(/\d+$/, (port) => String(Number(port) + 1_000))

/** Envoy with one thread, that answers each request it lets through by itself; `filter` is what it asks first. */
export const startEnvoy = async (
  { folder }: Fixtures,
  address: string,
  filter: object | undefined,
  clusters: readonly object[],
): Promise<RunningServer> => {
  const path = join(folder, 'envoy.json')
  const router = { '@type': `${TYPE}.filters.http.router.v3.Router` }
  const manager = {
    '@type': `${TYPE}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: 'bench',
    normalize_path: true,
    route_config: {
      virtual_hosts: [
        {
          name: 'all',
          domains: ['*'],
          routes: [{ match: { prefix: '/' }, direct_response: { status: 200, body: { inline_string: 'hello' } } }],
        },
      ],
    },
    http_filters: [
      ...(filter ? [{ name: 'envoy.filters.http.ext_authz', typed_config: filter }] : []),
      { name: 'envoy.filters.http.router', typed_config: router },
    ],
  }
  const filters = [{ name: 'envoy.filters.network.http_connection_manager', typed_config: manager }]
  const listener = { name: 'bench', address: toSocketAddress(address), filter_chains: [{ filters }] }
  writeFileSync(path, JSON.stringify({ static_resources: { listeners: [listener], clusters } }))
  const args = ['-c', path, '--disable-hot-restart', '--concurrency', '1', '--log-level', 'error']
  return start(await findEnvoy(), args, address)
}

const TYPE = 'type.googleapis.com/envoy.extensions'

const toSocketAddress = (address: string) => {
  const [host, port] = address.split(':')
  return { socket_address: { address: host, port_value: Number(port) } }
}

/** The filter of Envoy that asks the gate over gRPC or HTTP, and the cluster that it asks. */
export const toAsking = (kind: 'grpc' | 'http', gate: string): readonly [filter: object, cluster: object] => {
  const address = toSocketAddress(kind === 'grpc' ? gate : toHttpAddress(gate))
  const options = {
    '@type': `${TYPE}.upstreams.http.v3.HttpProtocolOptions`,
    explicit_http_config: kind === 'grpc' ? { http2_protocol_options: {} } : { http_protocol_options: {} },
  }
  const cluster = {
    name: 'gate',
    load_assignment: { cluster_name: 'gate', endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] },
    typed_extension_protocol_options: { 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': options },
  }
  const service =
    kind === 'grpc'
      ? { grpc_service: { envoy_grpc: { cluster_name: 'gate', authority: 'gate' }, timeout: '5s' } }
      : {
          http_service: {
            server_uri: { uri: 'http://gate', cluster: 'gate', timeout: '5s' },
            path_prefix: '/envoy',
          },
        }
  return [{ '@type': `${TYPE}.filters.http.ext_authz.v3.ExtAuthz`, transport_api_version: 'V3', ...service }, cluster]
}

/** The least that a server on @grpc/grpc-js can do. */
export const startConstant = (address: string): Promise<RunningServer> =>
  start(process.execPath, [inProject('bench/constant-server.ts'), address], address)

/** The same task as one writes it in Go. */
export const startReference = (
  programs: string,
  { digests, jwks }: Fixtures,
  address: string,
): Promise<RunningServer> =>
  start(
    join(programs, 'reference'),
    ['-address', address, '-digests', digests, '-jwks', jwks, '-issuer', ISSUER, '-audience', AUDIENCE],
    address,
  )
