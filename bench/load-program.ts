import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { readCpu, readMemory } from './process-use.ts'
import type { RunningServer } from './servers.ts'

/** What a load was answered, and what that cost. */
export interface Measured {
  readonly perSecond: number
  readonly let: number
  readonly refused: number
  readonly unavailable: number
  /** Waits, in milliseconds. */
  readonly p50: number
  readonly p99: number
  readonly worst: number
  /** Of the server for one check, in microseconds. */
  readonly cpu: number
  /** Of each of the others, likewise. */
  readonly otherCpus: readonly number[]
  /** Of the server at the end, in megabytes. */
  readonly memory: number
}

export interface LoadOptions {
  readonly messages: string
  /** Checks a second; 0: as many as are answered. */
  readonly rate: number
  /** The messages are HTTP/1.1 requests. */
  readonly isHttp?: boolean
  /** Processes beside the server whose time counts, too. */
  readonly others?: readonly number[]
  /** How long checks count, in seconds; before that they are made for half as long. */
  readonly seconds: number
}

/** Asks a server for a while. */
export const runLoad = async (
  programs: string,
  { address, pid }: RunningServer,
  { messages, rate, seconds, isHttp = false, others = [] }: LoadOptions,
): Promise<Measured> => {
  const args = ['-address', address, '-messages', messages, '-rate', String(rate), ...(isHttp ? ['-http'] : [])]
  const span = ['-warm', `${seconds / 2}s`, '-span', `${seconds}s`]
  const load = spawn(`${programs}/load`, [...args, ...span], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface(load.stdout)
  await once(lines, 'line')
  const before = [pid, ...others].map(readCpu)
  const [line] = (await once(lines, 'line')) as [string]
  const { calls, ...result } = JSON.parse(line)
  const [cpu = 0, ...otherCpus] = [pid, ...others].map((one, index) => (readCpu(one) - (before[index] ?? 0)) / calls)
  return { ...result, cpu, otherCpus, memory: readMemory(pid, 'VmRSS') }
}
