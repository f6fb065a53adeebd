import { execFileSync, spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { toSecret, writeKeyLines } from './key-lines-file.ts'
import { startLoad } from './load.ts'

/** Prints what a gate with many keys costs, as one Markdown table. Linux alone; it takes some minutes. */
const COUNTS = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1_000, 100_000, 1_000_000]
const RELOADS = 2
const QUIET_MILLISECONDS = 5_000

const inProject = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'bearergate-bench-'))
const config = join(folder, 'bearergate.yaml')
const lines = join(folder, 'keys', 'keys.jsonl')
const env = { ...process.env, NODE_COMPILE_CACHE: join(folder, 'cache') }

/** Of a running process, in megabytes: what it holds now, and the most since `forgetPeak`. */
const readMemory = (pid: number, field: 'VmRSS' | 'VmHWM'): number => {
  const [, kilobytes] = new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) / 1_000
}
const forgetPeak = (pid: number): void => writeFileSync(`/proc/${pid}/clear_refs`, '5')

const startGate = async () => {
  const start = performance.now()
  const args = ['--import', inProject('bench/probe.ts'), inProject('src/main.ts'), 'serve', '--config', config]
  const gate = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface(gate.stdout).on('line', (line) => told.emit(JSON.parse(line).msg, JSON.parse(line)))
  const told = new EventEmitter()
  const listening = once(told, 'listening')
  await once(told, 'SERVING')
  const [{ grpc }] = await listening
  if (gate.pid === undefined) throw new Error('the gate did not start')
  return {
    address: grpc as string,
    pid: gate.pid,
    seconds: (performance.now() - start) / 1_000,
    /** For how long its event loop was held at most since the last call, and by its own work, in milliseconds. */
    takeHeld: async (): Promise<readonly [number, number]> => {
      const answer = once(told, 'probe')
      gate.kill('SIGUSR2')
      const [{ held, own }] = await answer
      return [held, own]
    },
    stop: async (): Promise<void> => {
      lines.close()
      gate.kill('SIGKILL')
      await once(gate, 'exit')
    },
  }
}

const toTurn = (turn: number): string => `the-secret-of-turn-${turn}`

const measure = async (count: number): Promise<readonly number[]> => {
  writeKeyLines(lines, count, toTurn(0))
  const cost = JSON.parse(
    execFileSync(process.execPath, [inProject('bench/check-cost.ts'), config, `${count}`], { env }).toString(),
  )
  const { address, pid, seconds, takeHeld, stop } = await startGate()
  const load = startLoad(address, (turn) => toSecret(turn % count))
  // Code that just started is slow.
  await sleep(QUIET_MILLISECONDS)
  load.takeWorst()
  await takeHeld()
  await sleep(QUIET_MILLISECONDS)
  const quiet = [...(await takeHeld()), load.takeWorst()]
  const resting = readMemory(pid, 'VmRSS')
  forgetPeak(pid)
  const reloads: number[] = []
  const held: number[] = []
  const own: number[] = []
  const waits: number[] = []
  for (let turn = 1; turn <= RELOADS; turn += 1) {
    // In another process: the load is asked from this one, and must not wait for it.
    await once(spawn(process.execPath, [inProject('bench/key-lines-file.ts'), lines, `${count}`, toTurn(turn)]), 'exit')
    load.takeWorst()
    await takeHeld()
    const start = performance.now()
    while (!(await load.passes(toTurn(turn)))) await sleep(20)
    reloads.push((performance.now() - start) / 1_000)
    const [heldOnce, ownOnce] = await takeHeld()
    held.push(heldOnce)
    own.push(ownOnce)
    waits.push(load.takeWorst())
  }
  const peak = readMemory(pid, 'VmHWM')
  await load.close()
  await stop()
  return [
    count,
    cost.some / 1_000,
    cost.all / 1_000,
    resting,
    peak,
    seconds,
    Math.max(...reloads),
    ...quiet,
    Math.max(...held),
    Math.max(...own),
    Math.max(...waits),
  ]
}

const HEAD = [
  'keys',
  'check, 1,000 in use (µs)',
  'check, all in use (µs)',
  'memory (MB)',
  'most memory while it reloads (MB)',
  'start (s)',
  'reload (s)',
  'event loop held, quiet (ms)',
  'by its own work (ms)',
  'longest wait of a check, quiet (ms)',
  'event loop held while it reloads (ms)',
  'by its own work (ms)',
  'longest wait of a check while it reloads (ms)',
]
const toRow = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
const DIGITS = [0, 2, 2, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1]

try {
  mkdirSync(join(folder, 'keys'))
  writeFileSync(
    config,
    [
      'listen: {grpc: "127.0.0.1:0", ops: "127.0.0.1:0"}',
      'keys: [{directory: ./keys}]',
      'routes: [{host: a.example.com, rule: bearer}]',
      '',
    ].join('\n'),
  )
  // Fills the compile cache.
  execFileSync(process.execPath, [inProject('src/main.ts'), '--version'], { env })
  console.log(toRow(HEAD))
  console.log(toRow(HEAD.map(() => '---:')))
  for (const count of COUNTS) {
    const row = await measure(count)
    console.log(toRow(row.map((value, column) => value.toFixed(DIGITS[column]))))
  }
  console.log(
    `\nNode.js ${process.version}; load of the machine at the end: ${loadavg()
      .map((each) => each.toFixed(1))
      .join(', ')}`,
  )
} finally {
  rmSync(folder, { recursive: true, force: true })
}
