import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { track } from '../scripts/start-process.ts'
import type { Bench } from './bench.ts'
import { type Form, isGood, type Shown } from './fixtures.ts'
import { readCpu, readMemory } from './process-use.ts'
import type { RunningServer } from './start-server.ts'

/** How a load was answered, and what that cost. */
export interface Measured {
  readonly perSecond: number
  /** Waits, in milliseconds. */
  readonly p50: number
  readonly p99: number
  /** Of the server for one call, in microseconds. */
  readonly cpu: number
  /** Of each of the others, likewise. */
  readonly otherCpus: readonly number[]
  /** Of the server at the end, in megabytes. */
  readonly memory: number
}

export interface Load {
  readonly form?: Form
  readonly shown: Shown
  /** Calls a second; as many as are answered, if left out. */
  readonly rate?: number
  /** Servers behind the one that is asked, whose time counts, too. */
  readonly others?: readonly Pick<RunningServer, 'pids'>[]
}

/** Asks a server for a while. Throws when one call is not answered as that credential is to be. */
export const runLoad = async (
  { programs, fixtures, seconds }: Bench,
  { address, pids }: Pick<RunningServer, 'address' | 'pids'>,
  { form = 'check', shown, rate = 0, others = [] }: Load,
): Promise<Measured> => {
  const args = ['-address', address, '-messages', fixtures.messages(form, shown), '-rate', String(rate)]
  const span = ['-warm', `${seconds / 2}s`, '-span', `${seconds}s`, ...(form === 'check' ? [] : ['-http'])]
  const load = spawn(join(programs, 'load'), [...args, ...span], { stdio: ['ignore', 'pipe', 'inherit'] })
  track(load)
  const lines = createInterface(load.stdout)
  await once(lines, 'line')
  const servers = [pids, ...others.map((other) => other.pids)]
  const before = servers.map(readCpu)
  const [line] = (await once(lines, 'line')) as [string]
  const { calls, let: passed, ...result } = JSON.parse(line)
  if (passed !== (isGood(shown) ? calls : 0) || result.unavailable > 0) throw new Error(`${shown}: answered ${line}`)
  const [cpu = 0, ...otherCpus] = servers.map((one, index) => (readCpu(one) - (before[index] ?? 0)) / calls)
  const { perSecond, p50, p99 } = result
  return { perSecond, p50, p99, cpu, otherCpus, memory: readMemory(pids, 'VmRSS') }
}
