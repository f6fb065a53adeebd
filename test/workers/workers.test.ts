import { once } from 'node:events'
import { createServer } from 'node:net'
import test from 'ava'
import { eventually } from '../fixtures/eventually.ts'
import { type Running, says, startServe } from '../fixtures/start-serve.ts'
import { connectCheckClient } from '../vectors/check-client.ts'

const TWO = `
listen: {grpc: "127.0.0.1:0", ops: "127.0.0.1:0"}
drain: {delay: 0s}
workers: 2
routes: [{rule: public, host: ui.example.com}]
`
const REQUEST = { attributes: { request: { http: { method: 'GET', host: 'ui.example.com', path: '/', headers: {} } } } }

/** Where each worker listens, once all do; and where all of them show their health. */
const toAddresses = async (running: Running) => {
  await says(running, 'all workers listen')
  const toListening = () => running.log().filter(({ msg }) => msg === 'listening')
  // Each process writes its log for itself, and not before it answers.
  await eventually(() => toListening().length === 2, 60_000)
  const listening = toListening()
  const grpc = listening
    .toSorted((a, b) => Number(a['worker']) - Number(b['worker']))
    .map((line) => String(line['grpc']))
  return { grpc, ops: String(running.log().find(({ msg }) => msg === 'all workers listen')?.['ops']) }
}

const readMetric = async (ops: string, name: string): Promise<number | undefined> => {
  const text = await (await fetch(`http://${ops}/metrics`)).text()
  const line = text.split('\n').find((found) => found.startsWith(`${name} `) || found.startsWith(`${name}{`))
  return line === undefined ? undefined : Number(line.split(' ').at(-1))
}

const readiness = async (ops: string): Promise<unknown> => (await fetch(`http://${ops}/readyz`)).json()

test('each worker answers on an address of its own; health and metrics are of all of them', async (t) => {
  const { grpc, ops } = await toAddresses(startServe(t, TWO))
  t.is(new Set(grpc).size, 2)
  t.true(await eventually(async () => (await fetch(`http://${ops}/readyz`)).ok, 60_000))
  t.deepEqual(await readiness(ops), { ready: true, problems: [] })
  for (const address of grpc) {
    const client = await connectCheckClient(address)
    t.teardown(client.close)
    t.is((await client.check(REQUEST)).answer.status?.code ?? 0, 0)
    t.is(await client.askHealth(), 'SERVING')
  }
  t.is(await readMetric(ops, 'bearergate_checks_total'), 2)
  t.is(await readMetric(ops, 'bearergate_serving'), 1)
  t.is(await readMetric(ops, 'bearergate_keys'), 0)
  t.is(await readMetric(ops, 'bearergate_worker_restarts_total'), 0)
})

test('a worker that dies is named on /readyz, counted and replaced', async (t) => {
  const running = startServe(t, TWO)
  const { ops } = await toAddresses(running)
  t.true(await eventually(async () => (await fetch(`http://${ops}/readyz`)).ok, 60_000))
  const victim = Number(running.log().find((line) => line['worker'] === 1 && line['msg'] === 'starting')?.['process'])
  process.kill(victim, 'SIGKILL')
  t.true(await says(running, 'a worker has ended: another one takes its place'))
  t.deepEqual(await readiness(ops), { ready: false, problems: ['worker 1: does not answer'] })
  t.true(await eventually(async () => (await fetch(`http://${ops}/readyz`)).ok, 60_000))
  t.is(await readMetric(ops, 'bearergate_worker_restarts_total'), 1)
})

test('SIGTERM lets all workers drain, also when it comes to them too, and exits with 0', async (t) => {
  const running = startServe(t, TWO)
  await toAddresses(running)
  for (const line of running.log()) {
    if (line['worker'] !== undefined && line['msg'] === 'starting') process.kill(Number(line['process']), 'SIGTERM')
  }
  running.child.kill('SIGTERM')
  t.deepEqual(await once(running.child, 'exit'), [0, null])
  const drained = running.log().filter(({ msg, worker }) => msg === 'draining' && worker !== undefined)
  t.deepEqual(
    drained.map(({ supervisor }) => supervisor),
    ['asks', 'asks'],
  )
})

test('workers end when their supervisor is gone', async (t) => {
  const running = startServe(t, TWO)
  await toAddresses(running)
  running.child.kill('SIGKILL')
  await once(running.child, 'exit')
  t.true(await eventually(() => running.log().filter(({ supervisor }) => supervisor === 'gone').length === 2, 60_000))
})

test('an address that is taken for one worker ends them all with 69', async (t) => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const bound = server.address()
  const port = typeof bound === 'object' && bound ? bound.port : 0
  const running = startServe(t, TWO.replace('"127.0.0.1:0", ops', `"127.0.0.1:${port - 1}", ops`))
  t.deepEqual(await once(running.child, 'exit'), [69, null])
  t.true(JSON.stringify(running.log()).includes(`127.0.0.1:${port}`))
})
