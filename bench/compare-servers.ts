import type { Bench } from './bench.ts'
import type { Form, Shown } from './fixtures.ts'
import { type Measured, runLoad } from './load-program.ts'
import { toMegabytes, toMicroseconds, toMilliseconds, toRatio, toTable } from './markdown.ts'
import { cheapestOf, measureInRounds } from './rounds.ts'
import type { RunningServer } from './start-server.ts'

/** A server, and what it is asked. */
export interface Row {
  readonly title: string
  /** Rows with the same one share one server. */
  readonly start: (bench: Bench) => Promise<RunningServer>
  readonly form?: Form
  readonly shown: Shown
  /** Titles of rows of the same table that it is compared with. */
  readonly beside?: readonly string[]
}

const STEADY = 2_000

/** Measures servers at saturation and at a steady rate: a table of what a check costs, and one of ratios. */
export const compareServers = async (bench: Bench, rows: readonly Row[]): Promise<readonly string[]> => {
  const servers = new Map<Row['start'], RunningServer>()
  for (const { start } of rows) if (!servers.has(start)) servers.set(start, await start(bench))
  const resultsOf = await measureInRounds(rows, bench.rounds, async ({ title, start, ...load }, round) => {
    bench.report(`round ${round}: ${title}`)
    const server = servers.get(start) as RunningServer
    return { full: await runLoad(bench, server, load), steady: await runLoad(bench, server, { ...load, rate: STEADY }) }
  })
  for (const server of servers.values()) await server.stop()

  const measured = rows.map((row) => ({
    row,
    full: cheapestOf(resultsOf(row).map(({ full }) => full)),
    steady: cheapestOf(resultsOf(row).map(({ steady }) => steady)),
  }))
  const find = (title: string) => {
    const found = measured.find(({ row }) => row.title === title)
    if (!found) throw new Error(`no row ${title}`)
    return found
  }
  const ratios = measured.flatMap(({ row, full, steady }) =>
    (row.beside ?? []).map((title) => {
      const other = find(title)
      return [`${row.title} / ${title}`, toRatio(full.cpu / other.full.cpu), toRatio(steady.cpu / other.steady.cpu)]
    }),
  )
  return [
    ...toTable(
      HEAD,
      measured.map(({ row, full, steady }) => toCells(row, full, steady)),
    ),
    '',
    ...toTable(['ratio of CPU a check', 'saturated', `${STEADY}/s`], ratios),
  ]
}

const HEAD = [
  '',
  'CPU a check, saturated',
  'checks a second',
  `CPU a check, ${STEADY}/s`,
  'p50',
  'p99',
  'memory under load',
]

const toCells = ({ title }: Row, full: Measured, steady: Measured): readonly string[] => [
  title,
  toMicroseconds(full.cpu),
  full.perSecond.toFixed(0),
  toMicroseconds(steady.cpu),
  toMilliseconds(steady.p50),
  toMilliseconds(steady.p99),
  toMegabytes(Math.max(full.memory, steady.memory)),
]
