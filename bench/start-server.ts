import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { track } from '../scripts/start-process.ts'
import { readCpu } from './process-use.ts'

/** A server that runs, in processes of its own. */
export interface RunningServer {
  /** host:port or unix:/path; of several workers all, with commas between. */
  readonly address: string
  /** The process that was started, and its children. */
  readonly pids: readonly number[]
  /** From the start of its process until it was ready, in milliseconds; and the time of CPU that took, likewise. */
  readonly milliseconds: number
  readonly cpuMilliseconds: number
  readonly stop: () => Promise<void>
}

export interface ServerProgram {
  readonly command: string
  readonly args: readonly string[]
  readonly address: string
  readonly env?: NodeJS.ProcessEnv
  /** Where its standard output goes, as a file descriptor; nowhere, if left out. */
  readonly output?: number
  /** What tells that it is ready, once it can be connected to. */
  readonly isReady?: (address: string) => Promise<boolean>
}

const POLL_MILLISECONDS = 5

/** Starts a server, and waits until it is ready. It ends with this process. */
export const startServer = async (program: ServerProgram): Promise<RunningServer> => {
  const { command, args, address, env = process.env, output = 'ignore', isReady = async () => true } = program
  const begin = performance.now()
  const child = spawn(command, args, { stdio: ['ignore', output, 'inherit'], env })
  track(child)
  const ended = once(child, 'exit')
  const pid = child.pid ?? 0
  for (const one of address.split(',')) {
    while (!((await isOpen(one)) && (await isReady(one)))) {
      if (child.exitCode !== null || pid === 0) throw new Error(`${command} ${args.join(' ')} did not start`)
      await sleep(POLL_MILLISECONDS)
    }
  }
  const milliseconds = performance.now() - begin
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean)
  const pids = [pid, ...children.map(Number)]
  return {
    address,
    pids,
    milliseconds,
    cpuMilliseconds: readCpu(pids) / 1_000,
    stop: async () => {
      // The one that was started first: it would replace the others.
      for (const one of pids) process.kill(one, 'SIGKILL')
      await ended
    },
  }
}

const isOpen = (address: string): Promise<boolean> =>
  new Promise((resolve) => {
    const [host = '', port] = address.split(':')
    const socket = host === 'unix' ? createConnection(port ?? '') : createConnection(Number(port), host)
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
