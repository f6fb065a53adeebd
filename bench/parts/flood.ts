import { setTimeout as sleep } from 'node:timers/promises'
import type { Bench, Part } from '../bench.ts'
import type { Shown } from '../fixtures.ts'
import { runLoad } from '../load-program.ts'
import { toMicroseconds, toMilliseconds, toTable } from '../markdown.ts'
import { measureInRounds, medianOf } from '../rounds.ts'
import { startGate } from '../servers.ts'
import type { RunningServer } from '../start-server.ts'

const RATE = 1_000
/** Good ones tell what so many more requests cost, whatever they show. */
const FLOODS: readonly (Shown | undefined)[] = [
  undefined,
  'key',
  'no credential',
  'unknown key',
  'unknown kid',
  'bad signature',
]

/** Begins with the time that counts for the good: what the first bad one sets off, as a fetch of the JWK Set, is in it. */
const sendFlood = async (bench: Bench, gate: RunningServer, shown: Shown) => {
  await sleep(bench.seconds * 500)
  return runLoad(bench, gate, { shown, rate: RATE })
}

/** How long good requests wait while bad ones come in on connections of their own, as many as they. */
export const measureFlood: Part = async (bench) => {
  const gate = await startGate(bench)
  const resultsOf = await measureInRounds(FLOODS, bench.rounds, async (flood, round) => {
    bench.report(`round ${round}: ${flood ?? 'good keys alone'}`)
    const [good, other] = await Promise.all([
      runLoad(bench, gate, { shown: 'key', rate: RATE }),
      flood && sendFlood(bench, gate, flood),
    ])
    // The time that the gate used, a second: that of both loads together.
    return { p50: good.p50, p99: good.p99, busy: good.cpu * good.perSecond, flooded: other?.perSecond ?? 0 }
  })
  await gate.stop()

  const measured = FLOODS.map((flood) => {
    const results = resultsOf(flood)
    const median = (field: 'p50' | 'p99' | 'busy' | 'flooded') => medianOf(results.map((one) => one[field]))
    const worst = Math.max(...results.map(({ p99 }) => p99))
    return { flood, worst, p50: median('p50'), p99: median('p99'), busy: median('busy'), flooded: median('flooded') }
  })
  const [alone] = measured
  const toCells = ({ flood, p50, p99, worst, busy, flooded }: (typeof measured)[number]): readonly string[] => [
    flood ?? 'nothing else',
    toMilliseconds(p50),
    toMilliseconds(p99),
    flood && alone ? `${(p99 - alone.p99).toFixed(2)} ms` : '',
    toMilliseconds(worst),
    `${(busy / 10_000).toFixed(0)} %`,
    flood && alone ? toMicroseconds((busy - alone.busy) / flooded) : '',
  ]
  const head = [
    `beside ${RATE} good keys a second, ${RATE} a second of`,
    'p50 of the good',
    'p99',
    'p99 more than alone',
    'p99, worst round',
  ]
  return toTable([...head, 'one core used', 'CPU of one of them'], measured.map(toCells))
}
