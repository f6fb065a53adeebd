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
  /** Of the server at the end, in megabytes. */
  readonly memory: number
}

export interface LoadOptions {
  readonly messages: string
  /** Checks a second; 0: as many as are answered. */
  readonly rate: number
  /** How long checks count, in seconds; before that they are made for half as long. */
  readonly seconds: number
}

/** Asks a server for a while. */
export const runLoad = async (
  programs: string,
  { address, pid }: RunningServer,
  { messages, rate, seconds }: LoadOptions,
): Promise<Measured> => {
  const args = ['-address', address, '-messages', messages, '-rate', String(rate)]
  const span = ['-warm', `${seconds / 2}s`, '-span', `${seconds}s`]
  const load = spawn(`${programs}/load`, [...args, ...span], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface(load.stdout)
  await once(lines, 'line')
  const before = readCpu(pid)
  const [line] = (await once(lines, 'line')) as [string]
  const { calls, ...result } = JSON.parse(line)
  return { ...result, cpu: (readCpu(pid) - before) / calls, memory: readMemory(pid, 'VmRSS') }
}
