import { openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findFreePorts } from '../scripts/ports.ts'
import { toWorkerAddress } from '../src/config/worker-address.ts'
import type { Bench } from './bench.ts'
import { AUDIENCE, HOST, ISSUER } from './fixtures.ts'
import { isServing } from './is-serving.ts'
import { type RunningServer, startServer } from './start-server.ts'

export const inProject = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url))

/** A gate that says SERVING. */
export interface RunningGate extends RunningServer {
  /** Where it answers over HTTP, as Envoy asks. */
  readonly http: string
  readonly config: string
}

/** What of a gate is not as it is by default. */
export interface GateOptions {
  /** False: no token is remembered, so that each is a new one. */
  readonly remembers?: boolean
  /** Whether it takes access tokens, too. */
  readonly hasIssuer?: boolean
  /** Every decision is logged: to a file, or to /dev/null. */
  readonly logs?: 'file' | 'null'
  readonly workers?: number
  readonly isOnSocket?: boolean
}

/** bearergate as the image runs it, with 1,000 keys and what is logged by default going to /dev/null. */
export const startGate = async ({ fixtures, image }: Bench, options: GateOptions = {}): Promise<RunningGate> => {
  const { remembers = true, hasIssuer = true, logs, workers = 1, isOnSocket = false } = options
  const [port, httpPort] = await findFreePorts(2)
  const config = join(fixtures.folder, `gate-${port}.yaml`)
  const grpc = isOnSocket ? `unix:${join(fixtures.folder, `gate-${port}.sock`)}` : `127.0.0.1:${port}`
  const http = `127.0.0.1:${httpPort}`
  const issuer = { issuer: ISSUER, audiences: [AUDIENCE], jwksUri: fixtures.jwksUri }
  const policy = {
    listen: { grpc, http, ops: '127.0.0.1:0' },
    doors: [{ kind: 'envoy', path: '/envoy', trustedProxies: ['127.0.0.1'] }],
    workers,
    keys: [{ directory: './keys' }],
    ...(hasIssuer && { issuers: [issuer] }),
    ...(!remembers && { cache: { tokens: 0 } }),
    ...(logs && { log: { decisions: 'all' } }),
    routes: [{ rule: 'bearer', host: HOST }],
  }
  writeFileSync(config, JSON.stringify(policy))
  const server = await startServer({
    command: process.execPath,
    args: [image.program, 'serve', '--config', config],
    address: Array.from({ length: workers }, (_, worker) => toWorkerAddress(grpc, worker)).join(','),
    env: image.env,
    ...(logs === 'file' && { output: openSync(join(fixtures.folder, `gate-${port}.log`), 'w') }),
    isReady: isServing,
  })
  return { ...server, http, config }
}

const startOnNode = async ({ image }: Bench, program: string): Promise<RunningServer> => {
  const address = `127.0.0.1:${(await findFreePorts(1))[0]}`
  return startServer({ command: process.execPath, args: [inProject(program), address], address, env: image.env })
}

/** The least that a server on @grpc/grpc-js can do, and the least that any on Node can do. */
export const startConstant = (bench: Bench): Promise<RunningServer> => startOnNode(bench, 'bench/constant-server.ts')
export const startFrames = (bench: Bench): Promise<RunningServer> => startOnNode(bench, 'bench/frames-server.ts')

/** The same task as one writes it in Go. */
export const startReference = async ({ programs, fixtures }: Bench): Promise<RunningServer> => {
  const address = `127.0.0.1:${(await findFreePorts(1))[0]}`
  const known = [
    '-host',
    HOST,
    '-digests',
    fixtures.digests,
    '-jwks',
    fixtures.jwks,
    '-issuer',
    ISSUER,
    '-audience',
    AUDIENCE,
  ]
  return startServer({
    command: join(programs, 'reference'),
    args: ['-address', address, ...known],
    address,
    isReady: isServing,
  })
}
