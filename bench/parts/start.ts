import { setTimeout as sleep } from 'node:timers/promises'
import type { Bench, Part } from '../bench.ts'
import { toMegabytes, toMilliseconds, toTable } from '../markdown.ts'
import { readMemory } from '../process-use.ts'
import { measureInRounds, medianOf } from '../rounds.ts'
import { startConstant, startGate, startReference } from '../servers.ts'
import type { RunningServer } from '../start-server.ts'

const STARTS = 5
const IDLE_MILLISECONDS = 4_000

interface Subject {
  readonly title: string
  readonly start: (bench: Bench) => Promise<RunningServer>
}

const SUBJECTS: readonly Subject[] = [
  { title: 'bearergate, 1,000 keys', start: (bench) => startGate(bench, { hasIssuer: false }) },
  { title: 'bearergate, 1,000 keys and an issuer', start: (bench) => startGate(bench) },
  { title: '@grpc/grpc-js, constant answer', start: startConstant },
  { title: 'grpc-go, 1,000 keys', start: startReference },
]

/** From the start of the process until health says SERVING, and what it holds when nobody asks it. */
export const measureStart: Part = async (bench) => {
  const resultsOf = await measureInRounds(SUBJECTS, STARTS, async ({ title, start }, round) => {
    bench.report(`start ${round}: ${title}`)
    const server = await start(bench)
    await sleep(IDLE_MILLISECONDS)
    const memory = readMemory(server.pids, 'VmRSS')
    await server.stop()
    return { ...server, memory }
  })
  const rows = SUBJECTS.map((subject) => {
    const results = resultsOf(subject)
    return [
      subject.title,
      toMilliseconds(medianOf(results.map(({ milliseconds }) => milliseconds))),
      toMilliseconds(medianOf(results.map(({ cpuMilliseconds }) => cpuMilliseconds))),
      toMegabytes(medianOf(results.map(({ memory }) => memory))),
    ]
  })
  return toTable([`median of ${STARTS} starts`, 'from start to SERVING', 'CPU for that', 'idle memory'], rows)
}
