import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
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

const FLAGS = ['--max-semi-space-size=4']

/** bearergate, as the image runs it. `cached` says whether access tokens are remembered. */
export const startGate = ({ folder, jwks }: Fixtures, address: string, cached = true): Promise<RunningServer> => {
  const path = join(folder, 'bearergate.yaml')
  writeFileSync(
    path,
    `listen: {grpc: "${address}", ops: "127.0.0.1:0"}
log: {level: warn}
cache: {tokens: ${cached ? 10_000 : 0}}
keys: [{directory: ./keys}]
issuers: [{issuer: "${ISSUER}", audiences: ["${AUDIENCE}"], jwksFile: "${jwks}", algorithms: [RS256, ES256, EdDSA]}]
routes: [{rule: bearer, host: api.example.com}]
`,
  )
  return start(process.execPath, [...FLAGS, inProject('src/main.ts'), 'serve', '--config', path], address)
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
