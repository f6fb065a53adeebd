import { execFileSync, spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { toSecret, writeKeyLines } from './key-lines-file.ts'
import { type Load, startLoad } from './load.ts'
import { makeImage } from './make-image.ts'
import { readCpu, readMemory } from './process-use.ts'

/**
 * Prints what a gate with many keys costs, as one Markdown table. Costs are times of CPU. Linux alone; it takes some
 * minutes. On a machine that is busy run it with priority, as by `nice -n -20`.
 */
const COUNTS = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1_000, 100_000, 1_000_000]
const RELOADS = 2
const PHASE_MILLISECONDS = 8_000

const inProject = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'bearergate-bench-'))
const config = join(folder, 'bearergate.yaml')
const lines = join(folder, 'keys', 'keys.jsonl')
const { program, env } = makeImage(folder)

const forgetPeak = (pid: number): void => writeFileSync(`/proc/${pid}/clear_refs`, '5')

const startGate = async () => {
  const start = performance.now()
  const args = ['--import', inProject('bench/probe.ts'), program, 'serve', '--config', config]
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

/** Draws from so many keys, each as likely as the other. */
const drawFrom = (keys: number) => () => toSecret(Math.floor(Math.random() * keys))

type Gate = Awaited<ReturnType<typeof startGate>>

/** Microseconds of CPU that the whole process takes for a check, while it is asked. */
const measureChecks = async ({ pid }: Gate, load: Load, keys: number): Promise<number> => {
  load.show(drawFrom(keys))
  await sleep(PHASE_MILLISECONDS / 2)
  load.take()
  const before = readCpu([pid])
  await sleep(PHASE_MILLISECONDS)
  return (readCpu([pid]) - before) / load.take().checks
}

const measure = async (count: number): Promise<readonly number[]> => {
  writeKeyLines(lines, count, toTurn(0))
  const { some, all } = JSON.parse(
    execFileSync(process.execPath, [inProject('bench/check-cost.ts'), config, `${count}`], { env }).toString(),
  )
  const gate = await startGate()
  const resting = readMemory([gate.pid], 'VmRSS')
  const load = startLoad(gate.address, drawFrom(1_000))
  // Code that just started is slow.
  await sleep(PHASE_MILLISECONDS)
  const costs = [await measureChecks(gate, load, 1_000), await measureChecks(gate, load, count)]
  load.show(drawFrom(Math.min(1_000, count)))
  await sleep(PHASE_MILLISECONDS / 2)
  load.take()
  await gate.takeHeld()
  await sleep(2 * PHASE_MILLISECONDS)
  const quiet = [load.take().worst, ...(await gate.takeHeld())]
  const working = readMemory([gate.pid], 'VmRSS')
  forgetPeak(gate.pid)
  const reloads: number[] = []
  const whiles: (readonly number[])[] = []
  let checks = 0
  let seconds = 0
  for (let turn = 1; turn <= RELOADS; turn += 1) {
    // In another process: the load is asked from this one, and must not wait for it.
    await once(spawn(process.execPath, [inProject('bench/key-lines-file.ts'), lines, `${count}`, toTurn(turn)]), 'exit')
    load.take()
    await gate.takeHeld()
    const start = performance.now()
    while (!(await load.passes(toTurn(turn)))) await sleep(20)
    reloads.push((performance.now() - start) / 1_000)
    const asked = load.take()
    checks += asked.checks
    seconds += asked.seconds
    whiles.push([asked.worst, ...(await gate.takeHeld())])
  }
  const peak = readMemory([gate.pid], 'VmHWM')
  await load.close()
  await gate.stop()
  const worst = [0, 1, 2].map((column) => Math.max(...whiles.map((each) => each[column] ?? 0)))
  return [
    count,
    some.lookUp,
    all.lookUp,
    some.decide,
    all.decide,
    ...costs,
    resting,
    working,
    peak,
    gate.seconds,
    Math.max(...reloads),
    checks / seconds,
    ...quiet,
    ...worst,
  ]
}

const HEAD = [
  'keys',
  'lookup, 1,000 in use (µs)',
  'lookup, all in use (µs)',
  'decision, 1,000 in use (µs)',
  'decision, all in use (µs)',
  'whole check over gRPC, 1,000 in use (µs)',
  'whole check over gRPC, all in use (µs)',
  'memory at rest (MB)',
  'memory under load (MB)',
  'most memory while it reloads (MB)',
  'start (s)',
  'reload (s)',
  'checks a second while it reloads',
  'longest wait of a check, quiet (ms)',
  'event loop held, quiet (ms)',
  'by its own work (ms)',
  'longest wait of a check while it reloads (ms)',
  'event loop held while it reloads (ms)',
  'by its own work (ms)',
]
const toRow = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
const DIGITS = [0, 2, 2, 1, 1, 0, 0, 0, 0, 0, 1, 1, 0, 1, 1, 1, 1, 1, 1]

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
