import { fileURLToPath } from 'node:url'
import { showStep } from '../../scripts/show-step.js'
import { stopAll } from '../../scripts/start-process.ts'
import { PROBES, type Probe, sendProbe } from './probes.ts'
import { type PrefectStack, startPrefectStack } from './stack.ts'
import { waitForStored } from './stored.ts'

const FLOW = fileURLToPath(new URL('flow.py', import.meta.url))
let surprises = 0

/** One line of a table: what was tried, what had to come of it, and what came. */
const showRow = (what: string, request: string, expected: string | number, got: string | number): void => {
  const isExpected = expected === got
  if (!isExpected) surprises += 1
  console.log(`  ${isExpected ? '✓' : '✗'} ${toColumns(what, request, expected)} ${got}`)
}

const toColumns = (what: string, request: string, expected: string | number): string =>
  `${what.padEnd(38)} ${request.padEnd(43)} ${String(expected).padEnd(8)}`

const showHeading = (): void => console.log(`    ${toColumns('', '', 'expected')} got`)

const toRequest = ({ method = 'GET', host, path, headers }: Probe): string =>
  `${host === 'ui' ? 'UI ' : 'API'} ${headers?.['upgrade'] ? 'WS' : method} ${path}`

const showProbes = async (stack: PrefectStack): Promise<void> => {
  showHeading()
  for (const probe of PROBES) {
    const { status } = await sendProbe(stack, probe)
    showRow(probe.title, toRequest(probe), probe.expected, status)
  }
}

const showFlows = async (stack: PrefectStack): Promise<void> => {
  const refused = await showStep('running a flow without the key', () => stack.python([FLOW], { withKey: false }))
  const done = await showStep('running a flow with the key', () => stack.python([FLOW], { withKey: true }))
  const stored = await waitForStored(stack, 2)
  showHeading()
  showRow('a flow without the key', 'python flow.py', 'fails', refused.status === 0 ? 'works' : 'fails')
  showRow('a flow with the key', 'python flow.py', 'works', done.status === 0 ? 'works' : 'fails')
  showRow('flow runs stored', 'API POST /api/flow_runs/count', 1, stored.flowRuns)
  showRow('task runs stored (by websocket)', 'API POST /api/task_runs/count', 2, stored.taskRuns)
  showRow('events stored (by websocket)', 'API POST /api/events/filter', 'some', stored.events > 0 ? 'some' : 'none')
  console.log('\nWhat Prefect says to the one without the key:\n')
  console.log(
    `  ${
      refused.output
        .trim()
        .split('\n')
        .find((line) => line.includes('401')) ?? refused.output
    }\n`,
  )
}

let isStopping = false
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    isStopping = true
    void stopAll(5_000).then(() => process.exit(1))
  })
}

try {
  const stack = await startPrefectStack(showStep)
  console.log(
    `\nPrefect behind Envoy and bearergate: API http://${stack.hosts.api}/api, UI http://${stack.hosts.ui}/\n`,
  )
  await showProbes(stack)
  console.log()
  await showFlows(stack)
  console.log(surprises === 0 ? 'All as expected.' : `${surprises} of these are not as expected.`)
  process.exitCode = surprises === 0 ? 0 : 1
} catch (error) {
  if (!isStopping) console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
} finally {
  await stopAll(5_000)
}
