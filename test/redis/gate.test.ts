import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { stringify } from 'yaml'
import { eventually } from '../fixtures/eventually.ts'
import { makeFolder } from '../fixtures/folder.ts'
import { connectCheckClient } from '../vectors/check-client.ts'
import { startGateProcess, waitUntilListening, waitUntilReady } from '../vectors/gate-process.ts'
import { countReads, digestOf, measure, nameOf, secretOf, toEntry, toSet } from './open-source.ts'
import { startRedis } from './start-redis.ts'

/** A gate in a process of its own, asked as Envoy asks. */
interface RunningGate {
  /** The HTTP status of the answer, 200 when it lets the request through, and who is let through. */
  readonly ask: (secret: string) => Promise<string>
  readonly read: (page: string) => Promise<string>
  readonly output: () => string
}

const startGate = async (t: ExecutionContext, redis: object, keys: readonly object[] = []): Promise<RunningGate> => {
  const folder = makeFolder(t)
  const file = join(folder, 'bearergate.yaml')
  const config = {
    listen: { grpc: '127.0.0.1:0', ops: '127.0.0.1:0' },
    keys: [{ redis }, ...(keys.length > 0 ? [{ file: 'keys.yaml' }] : [])],
    routes: [{ host: 'api.example.com', rule: 'bearer' }],
    drain: { delay: '0s', timeout: '1s' },
  }
  writeFileSync(join(folder, 'keys.yaml'), stringify({ keys }))
  writeFileSync(file, stringify(config))
  const gate = startGateProcess(file)
  t.teardown(gate.stop)
  const addresses = await waitUntilListening(gate)
  await waitUntilReady(gate, addresses)
  const client = await connectCheckClient(addresses.grpc)
  t.teardown(client.close)
  return {
    ask: async (secret) => {
      const headers = { authorization: `Bearer ${secret}` }
      const http = { method: 'GET', host: 'api.example.com', path: '/x', scheme: 'https', headers }
      const { answer } = await client.check({ attributes: { request: { http } } })
      const {
        status,
        ok_response: ok,
        denied_response: denied,
      } = answer as never as {
        status: { code: number }
        ok_response?: { headers: { header: { key: string; value: string; raw_value: Buffer } }[] }
        denied_response?: { status: { code: unknown } }
      }
      if (status.code !== 0) return String(denied?.status.code)
      const user = ok?.headers.find(({ header }) => header.key === 'x-auth-request-user')?.header
      return `ok ${user?.value || user?.raw_value.toString()}`
    },
    read: async (page) => (await fetch(`http://${addresses.ops}/${page}`)).text(),
    output: gate.readOutput,
  }
}

test.serial(
  'two gates: a key lets in, its revocation counts within a second on both, and its last use is known',
  async (t) => {
    const redis = await startRedis(t)
    await redis.send(...toSet(toEntry('ci')))
    const gates = await Promise.all([startGate(t, { url: redis.url }), startGate(t, { url: redis.url })])
    const askBoth = (id: string): Promise<readonly string[]> => Promise.all(gates.map(({ ask }) => ask(secretOf(id))))
    const start = Date.now()
    t.deepEqual(await askBoth('ci'), ['ok ci', 'ok ci'])
    t.deepEqual(await askBoth('nobody'), ['401', '401'])
    const lastUse = async (): Promise<number> => Number(await redis.send('ZSCORE', 'bearergate:last-use', 'ci'))
    t.true(await eventually(async () => (await lastUse()) >= start, 7_000))
    const times: number[] = []
    for (let round = 0; round < 20; round += 1) {
      await redis.send('DEL', nameOf('ci'))
      times.push(await measure(async () => (await askBoth('ci')).every((answer) => answer === '401')))
      await redis.send(...toSet(toEntry('ci')))
      times.push(await measure(async () => (await askBoth('ci')).every((answer) => answer === 'ok ci')))
    }
    const median = times.toSorted((a, b) => a - b)[times.length / 2] ?? 0
    const slowest = Math.max(...times)
    t.log(`${times.length} changes on both gates: median ${median.toFixed(1)} ms, slowest ${slowest.toFixed(1)} ms`)
    t.true(slowest < 1_000)
  },
)

test.serial('what cannot be read is 503, is named on /readyz and in a metric, and other keys go on', async (t) => {
  const redis = await startRedis(t)
  await redis.send(...toSet(toEntry('ci')))
  await redis.send('SET', nameOf('junk'), '{"id"')
  const { ask, read, output } = await startGate(t, { url: redis.url, maxStale: '2s' })
  t.is(await ask(secretOf('junk')), '503')
  t.is(await ask(secretOf('ci')), 'ok ci')
  t.true((await read('readyz')).includes(`bearergate:key:${digestOf('junk').slice(0, 12)}*: it is no JSON`))
  t.regex(await read('metrics'), /bearergate_reloads_total\{what="keys",result="failed"\} 1/)
  await redis.stop()
  t.is(await ask(secretOf('ci')), 'ok ci')
  t.is(await ask(secretOf('nobody')), '503')
  t.true((await measure(async () => (await ask(secretOf('ci'))) === '503')) < 3_000)
  t.false(output().includes(secretOf('ci')))
})

test.serial(
  'a mistyped secret is refused without a question, and an id of a key set file stays with the file',
  async (t) => {
    const redis = await startRedis(t)
    await redis.send(...toSet(toEntry('impostor', { id: 'admin' })))
    const { ask, output } = await startGate(t, { url: redis.url }, [toEntry('admin')])
    t.is(await ask(secretOf('admin')), 'ok admin')
    t.is(await ask(secretOf('impostor')), '401')
    t.true(await eventually(() => /its id admin stands in/.test(output())))
    const before = await countReads(redis)
    t.is(await ask('bgk_0123456789'), '401')
    t.is(await countReads(redis), before)
  },
)

test.serial(
  'a flood of unknown keys: Redis is read 500 times a second, and a key in use stays good and quick',
  async (t) => {
    const redis = await startRedis(t)
    await redis.send(...toSet(toEntry('ci')))
    const { ask } = await startGate(t, { url: redis.url, ttl: '1s' })
    t.is(await ask(secretOf('ci')), 'ok ci')
    const end = performance.now() + 4_000
    const answers = new Map<string, number>()
    const waits: number[] = []
    const flood = async (name: number): Promise<void> => {
      for (let count = 0; performance.now() < end; count += 1) {
        const answer = await ask(secretOf(`flood-${name}-${count}`))
        answers.set(answer, (answers.get(answer) ?? 0) + 1)
      }
    }
    const use = async (): Promise<void> => {
      while (performance.now() < end) {
        const start = performance.now()
        t.is(await ask(secretOf('ci')), 'ok ci')
        waits.push(performance.now() - start)
      }
    }
    await Promise.all([...Array.from({ length: 20 }, (_, name) => flood(name)), use()])
    const reads = await countReads(redis)
    const sorted = waits.toSorted((a, b) => a - b)
    const middle = sorted[Math.floor(sorted.length / 2)] ?? 0
    t.log(
      `${[...answers].join(' ')} in 4 s: ${reads} reads; the key in use was good ${waits.length} times, median ${middle.toFixed(1)} ms`,
    )
    t.true(reads <= 500 * 5.5)
    t.true((answers.get('401') ?? 0) > 500)
    t.true((answers.get('503') ?? 0) > 0)
  },
)
