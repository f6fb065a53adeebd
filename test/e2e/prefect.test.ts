import { fileURLToPath } from 'node:url'
import test from 'ava'
import { HANDSHAKE, PROBES, sendProbe } from '../../demo/prefect/probes.ts'
import { type PrefectStack, startPrefectStack } from '../../demo/prefect/stack.ts'
import { waitForStored } from '../../demo/prefect/stored.ts'

const DEMO = fileURLToPath(new URL('../../demo/prefect', import.meta.url))
const HELP = 'Send an API key or an access token: Authorization: Bearer TOKEN.'
const HEADERS = { 'content-type': 'application/json' }

// One real Prefect server for all tests of this file. The last test kills the gate.
let stack: PrefectStack

test.before(async (t) => {
  t.timeout(600_000, 'installing and starting Prefect')
  stack = await startPrefectStack((title, work) => {
    t.log(title)
    return work(() => {})
  })
})

test.after.always(async () => {
  await stack?.close()
})

for (const { title, expected, ...probe } of PROBES) {
  const what = `${probe.headers?.['upgrade'] ? 'WS' : (probe.method ?? 'GET')} ${probe.path}`
  test.serial(`${title}: ${what} gives ${expected}`, async (t) => {
    t.is((await sendProbe(stack, probe)).status, expected)
  })
}

test.serial("every operation that Prefect's API has is 401 without a key, but for health and readiness", async (t) => {
  const { body } = await sendProbe(stack, { host: 'api', path: '/api/openapi.json', withKey: true })
  const { paths } = JSON.parse(body) as { paths: Record<string, Record<string, unknown>> }
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path: `/api${toPath(path)}` })),
  )
  t.true(operations.length > 150, `only ${operations.length} operations`)
  const open: string[] = []
  for (const { method, path } of operations) {
    const { status } = await sendProbe(stack, { host: 'api', method, path, headers: HEADERS })
    if (status !== 401) open.push(`${method} ${path} ${status}`)
  }
  t.deepEqual(open.sort(), ['GET /api/health 200', 'GET /api/ready 200'])
})

for (const path of [
  '/api/events/in',
  '/api/events/out',
  '/api/logs/out',
  '/api/task_runs/subscriptions/scheduled',
  '/api/work_pools/any/workers/connect',
]) {
  test.serial(`a websocket on ${path} is 401 without a key`, async (t) => {
    t.is((await sendProbe(stack, { host: 'api', path, headers: HANDSHAKE })).status, 401)
  })
}

test.serial('Fetch §3.2: the UI of the other host may ask, and reads a refusal', async (t) => {
  const origin = `http://${stack.hosts.ui}`
  const path = '/api/flow_runs/filter'
  const asked = { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' }
  const preflight = await sendProbe(stack, { host: 'api', method: 'OPTIONS', path, headers: asked })
  t.is(preflight.status, 200)
  t.is(preflight.headers['access-control-allow-origin'], origin)
  const refused = await sendProbe(stack, { host: 'api', method: 'POST', path, headers: { ...HEADERS, origin } })
  t.is(refused.status, 401)
  t.is(refused.headers['access-control-allow-origin'], origin)
  const stranger = { ...asked, origin: 'https://elsewhere.example' }
  t.is((await sendProbe(stack, { host: 'api', method: 'OPTIONS', path, headers: stranger })).status, 401)
})

test.serial("a flow without a key ends with the gate's own words", async (t) => {
  const { status, output } = await stack.python([`${DEMO}/flow.py`], { withKey: false })
  t.not(status, 0)
  t.true(output.includes(HELP), output)
})

test.serial('a flow with the key completes, and its task runs and events are stored', async (t) => {
  const { status, output } = await stack.python([`${DEMO}/flow.py`], { withKey: true })
  t.is(status, 0, output)
  t.true(output.includes('the flow returned 42'), output)
  t.false(output.includes('EventsWorker'), output)
  const stored = await waitForStored(stack, 2)
  t.is(stored.flowRuns, 1)
  t.is(stored.taskRuns, 2)
  t.true(stored.events > 0)
})

test.serial('an event is emitted with the key, and not without', async (t) => {
  const emit = ['-m', 'prefect', 'events', 'emit', 'demo.happened', '--resource-id', 'demo']
  t.is((await stack.python(emit, { withKey: false })).status, 1)
  const { status, output } = await stack.python(emit, { withKey: true })
  t.is(status, 0, output)
})

test.serial('a worker with the key takes a run and completes it', async (t) => {
  t.timeout(180_000)
  const prepare = [
    'from prefect import flow',
    'from prefect.deployments import run_deployment',
    `source = flow.from_source(source=${JSON.stringify(DEMO)}, entrypoint="flow.py:demo")`,
    'source.deploy(name="demo", work_pool_name="demo", build=False, push=False, ignore_warnings=True)',
    'run_deployment("bearergate-demo/demo", timeout=0)',
  ]
  for (const args of [
    ['-m', 'prefect', 'work-pool', 'create', 'demo', '--type', 'process'],
    ['-c', prepare.join('\n')],
    ['-m', 'prefect', 'worker', 'start', '--pool', 'demo', '--type', 'process', '--run-once'],
  ]) {
    const { status, output } = await stack.python(args, { withKey: true })
    t.is(status, 0, output)
  }
  const stored = await waitForStored(stack, 4)
  t.is(stored.flowRuns, 2)
  t.is(stored.taskRuns, 4)
})

test.serial('without the gate the API is 503, and the probes answer', async (t) => {
  stack.gate.kill('SIGKILL')
  await stack.gate.ended
  t.is((await sendProbe(stack, { host: 'api', path: '/api/version', withKey: true })).status, 503)
  t.is((await sendProbe(stack, { host: 'api', path: '/api/version' })).status, 503)
  t.is((await sendProbe(stack, { host: 'api', path: '/api/health' })).status, 200)
  t.is((await sendProbe(stack, { host: 'ui', path: '/ui-settings' })).status, 200)
})

/** A real path: each parameter of a path of the OpenAPI document is filled in. */
const toPath = (template: string): string => template.replaceAll(/\{[^}]*\}/g, '00000000-0000-4000-8000-000000000000')
