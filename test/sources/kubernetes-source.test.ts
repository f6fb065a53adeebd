import test, { type ExecutionContext } from 'ava'
import { toDigest } from '../../src/key/digest.ts'
import { EMPTY_INDEX, toKeyIndex } from '../../src/sources/key-index.ts'
import { createKeyStore, type KeyStore } from '../../src/sources/key-store.ts'
import { eventually } from '../fixtures/eventually.ts'
import { createRecorder, type Recorder } from '../fixtures/recorder.ts'
import { type SecretsApi, startSecretsApi } from '../fixtures/secrets-api.ts'

const secretOf = (id: string): string => `the-secret-of-${id}-0123456789`

const toKeySet = (...ids: readonly string[]): string =>
  JSON.stringify({ keys: ids.map((id) => ({ id, digest: `sha256:${toDigest(secretOf(id))}` })) })

type Opened = KeyStore & Recorder & { readonly has: (id: string) => string | undefined }

const open = async (t: ExecutionContext, { kubeconfig }: SecretsApi, maxStale?: number): Promise<Opened> => {
  const recorder = createRecorder()
  const source = { kubeconfig, labelSelector: 'keys=yes', ...(maxStale && { maxStale }) }
  const store = await createKeyStore([{ kubernetes: source }], recorder.observer)
  t.teardown(store.close)
  return { ...recorder, ...store, has: (id) => store.find(toDigest(secretOf(id)))?.id }
}

const NAME = 'kubernetes:keys=yes'

test('Secrets with the label are listed: key sets and plain secrets, no dot entries', async (t) => {
  const api = await startSecretsApi(t)
  api.put('one', { 'a.yaml': toKeySet('a'), 'b.yml': toKeySet('b'), 'c.json': toKeySet('c'), '.d': secretOf('d') })
  api.put('two', { plain: `${secretOf('plain')}\n` })
  api.put('three', { other: secretOf('other') }, { labels: {} })
  const store = await open(t, api)
  t.deepEqual(['a', 'b', 'c', 'd', 'plain', 'other'].map(store.has), ['a', 'b', 'c', undefined, 'plain', undefined])
  t.true(store.isComplete())
  t.deepEqual(store.problems(), [])
  t.deepEqual(store.reloads, [`keys ${NAME}: ok`])
  t.is(api.authorization(), 'Bearer the-token-of-the-gate')
})

test('a list of many pages is read whole, and never from a cache that lags behind', async (t) => {
  const api = await startSecretsApi(t)
  const ids = Array.from({ length: 1_203 }, (_, index) => `key-${index}`)
  for (const id of ids) api.put(id, { [id]: secretOf(id) })
  const store = await open(t, api)
  t.is(store.size(), 1_203)
  t.is(store.has('key-1202'), 'key-1202')
  t.deepEqual(
    api.lists.map((query) => [query.get('continue'), query.get('resourceVersion')]),
    [
      [null, null],
      ['500', null],
      ['1000', null],
    ],
  )
})

test('a change takes effect within one second: added, replaced, deleted, label taken away', async (t) => {
  const api = await startSecretsApi(t)
  const store = await open(t, api)
  api.put('s', { one: secretOf('one') })
  t.true(await eventually(() => store.has('one') === 'one', 1_000))
  api.put('s', { one: secretOf('two') })
  t.true(await eventually(() => store.has('two') === 'one' && store.has('one') === undefined, 1_000))
  api.put('s', { one: secretOf('two') }, { labels: { keys: 'no' } })
  t.true(await eventually(() => store.size() === 0, 1_000))
  api.put('s', { one: secretOf('two') })
  t.true(await eventually(() => store.has('two') === 'one', 1_000))
  api.remove('s')
  t.true(await eventually(() => store.size() === 0, 1_000))
  t.is(api.lists.length, 1)
})

test('two Secrets with one value: the key stays until both are gone', async (t) => {
  const api = await startSecretsApi(t)
  api.put('first', { a: secretOf('shared') })
  api.put('second', { b: secretOf('shared') })
  const store = await open(t, api)
  t.is(store.has('shared'), 'a')
  api.remove('first')
  t.true(await eventually(() => store.has('shared') === 'b'))
  api.put('first', { a: secretOf('shared') })
  t.true(await eventually(() => store.has('shared') === 'a'))
  api.remove('second')
  api.remove('first')
  t.true(await eventually(() => store.has('shared') === undefined))
})

test('a broken entry keeps its last good keys, is named, and takes no other down', async (t) => {
  const api = await startSecretsApi(t)
  api.put('team', { 'team.json': toKeySet('a'), b: secretOf('b') })
  const store = await open(t, api)
  api.put('team', { 'team.json': '{"keys": [{"id": "a", "digest": "no"}]}', b: secretOf('new') })
  t.true(await eventually(() => store.has('new') === 'b'))
  t.is(store.has('a'), 'a')
  const digest = 'write sha256: and 64 lower-case hexadecimal digits'
  t.deepEqual(store.problems(), [`gate/team/team.json:1:33: keys[0].digest: ${digest}`])
  t.is(store.reloads.at(-1), `keys ${NAME}: gate/team/team.json:1:33: keys[0].digest: ${digest}`)
  api.put('junk', {
    'key.yaml': new Uint8Array([0, 255, 1, 254]),
    junk: new Uint8Array(64).fill(200),
    good: secretOf('good'),
  })
  t.true(await eventually(() => store.has('good') === 'good'))
  t.is(store.problems().filter((problem) => problem.startsWith('gate/junk/')).length > 1, true)
  api.put('team', { 'team.json': toKeySet('c') })
  api.remove('junk')
  t.true(await eventually(() => store.problems().length === 0))
  t.deepEqual(['a', 'b', 'c'].map(store.has), [undefined, undefined, 'c'])
})

test('a watch that ended, or was cut, goes on where it was: nothing is listed again and nothing missed', async (t) => {
  const api = await startSecretsApi(t)
  const store = await open(t, api, 5_000)
  t.true(await eventually(() => api.watches.length >= 3))
  t.deepEqual(
    [...(api.watches[0] ?? [])],
    [
      ['labelSelector', 'keys=yes'],
      ['resourceVersion', '100'],
      ['timeoutSeconds', '1'],
      ['watch', 'true'],
      ['allowWatchBookmarks', 'true'],
    ],
  )
  api.bookmark()
  await eventually(() => api.watches.at(-1)?.get('resourceVersion') === '107')
  api.cut()
  api.put('s', { one: secretOf('one') })
  t.true(await eventually(() => store.has('one') === 'one', 1_000))
  t.true(api.watches.filter((query) => query.get('resourceVersion') === '107').length >= 2)
  t.is(api.lists.length, 1)
  t.deepEqual(store.problems(), [])
})

for (const how of ['status', 'event'] as const) {
  test(`410 Gone as ${how}: the Secrets are listed again, and what went meanwhile is gone`, async (t) => {
    const api = await startSecretsApi(t)
    api.put('old', { old: secretOf('old') })
    const store = await open(t, api)
    t.true(await eventually(() => api.watches.length === 1))
    const gone = { code: 410, message: 'too old resource version' }
    api.answer('watch', gone)
    if (how === 'event') api.send({ type: 'ERROR', object: { kind: 'Status', ...gone } })
    api.cut()
    api.remove('old')
    api.put('new', { new: secretOf('new') })
    t.true(await eventually(() => api.lists.length > 1 && store.has('new') === 'new' && store.has('old') === undefined))
    api.answer('watch', undefined)
    t.true(await eventually(() => api.watches.length >= 2))
    t.deepEqual(store.problems(), [])
    // Not in a circle at full speed: each try waits longer than the last.
    t.true(api.lists.length < 12)
  })
}

test('a line that is no event, and a watch that breaks off again and again: a list tells what is true', async (t) => {
  const api = await startSecretsApi(t)
  const store = await open(t, api)
  t.true(await eventually(() => api.watches.length === 1))
  api.send({ type: 'ADDED', object: secretOf('odd') })
  t.true(await eventually(() => api.lists.length === 2 && api.watches.length === 2))
  t.deepEqual(store.problems(), [])
  t.deepEqual(store.reloads, [`keys ${NAME}: ok`, `keys ${NAME}: a line of the watch is no event`, `keys ${NAME}: ok`])
  const cutting = setInterval(api.cut, 10)
  t.teardown(() => clearInterval(cutting))
  t.true(await eventually(() => store.reloads.includes(`keys ${NAME}: the watch breaks off again and again`)))
  t.true(await eventually(() => api.lists.length >= 3))
})

test('while the API is away the last good keys serve and their age grows; a list tells what went', async (t) => {
  const api = await startSecretsApi(t)
  api.put('s', { one: secretOf('one'), two: secretOf('two') })
  const store = await open(t, api)
  t.true(await eventually(() => api.watches.length === 1))
  const refusal = { code: 403, message: 'secrets is forbidden: the gate cannot list' }
  api.answer('list', refusal)
  api.answer('watch', refusal)
  api.cut()
  const problem = `the API says 403: ${refusal.message}`
  t.true(await eventually(() => store.problems().join() === `${NAME}: ${problem}`))
  t.is(store.has('one'), 'one')
  t.true(store.isComplete())
  t.true(await eventually(() => (store.ages()[0]?.age ?? 0) > 300))
  t.is(store.reloads.filter((line) => line.includes('403')).length, 1)
  api.put('s', { two: secretOf('two') })
  api.answer('list', undefined)
  api.answer('watch', undefined)
  t.true(await eventually(() => store.has('one') === undefined && store.problems().length === 0))
  t.is(store.has('two'), 'two')
  t.true((store.ages()[0]?.age ?? 9_999) < 300)
})

test('past maxStale no key of the source is judged, and all is well when the API is back', async (t) => {
  const api = await startSecretsApi(t)
  api.put('s', { one: secretOf('one') })
  const store = await open(t, api, 5_000)
  t.true(await eventually(() => api.watches.length === 1))
  api.answer('list', 'hang')
  api.answer('watch', 'hang')
  api.cut()
  await eventually(() => (store.ages()[0]?.age ?? 0) > 4_000)
  t.is(store.has('one'), 'one')
  t.true(await eventually(() => store.has('one') === undefined, 2_000))
  t.false(store.isComplete())
  const stale = 'nothing was heard from the API for longer than maxStale: its keys get 503'
  t.true(store.problems().includes(`${NAME}: ${stale}`))
  t.is(store.reloads.filter((line) => line.includes(stale)).length, 1)
  api.answer('list', undefined)
  api.answer('watch', undefined)
  t.true(await eventually(() => store.isComplete() && store.has('one') === 'one', 20_000))
  t.deepEqual(store.problems(), [])
})

test('keys that are withheld keep their ids: nobody else is let in under their names', (t) => {
  const toRecord = (digest: string) => ({ id: 'ci', digest, scopes: [], disabled: false })
  const held = { origin: 'gate/s/ci', records: [toRecord('one')], isWithheld: true }
  const index = toKeyIndex([held, { origin: 'keys/ci', records: [toRecord('two')] }], EMPTY_INDEX)
  t.is(index.byDigest.size, 0)
  t.deepEqual(index.problems, ['keys/ci: the key id ci is refused: it stands in gate/s/ci already'])
})

test('with an API that is well no key is ever withheld', async (t) => {
  const api = await startSecretsApi(t)
  api.put('s', { one: secretOf('one') })
  const store = await open(t, api, 5_000)
  const ages: number[] = []
  await eventually(() => {
    ages.push(store.ages()[0]?.age ?? 9_999)
    return !store.isComplete()
  }, 7_000)
  t.true(Math.max(...ages) < 3_000, `${Math.max(...ages)}`)
  t.is(api.lists.length, 1)
})

test('H4b: a maxStale of more than 2^31-1 ms, the most that a timer waits, withholds nothing at once', async (t) => {
  const warnings: string[] = []
  const note = ({ name }: Error) => void warnings.push(name)
  process.on('warning', note)
  t.teardown(() => process.off('warning', note))
  const api = await startSecretsApi(t)
  api.put('s', { one: secretOf('one') })
  const store = await open(t, api, 30 * 86_400_000)
  t.false(await eventually(() => !store.isComplete(), 300))
  t.is(store.has('one'), 'one')
  t.deepEqual(store.reloads, [`keys ${NAME}: ok`])
  t.false(warnings.includes('TimeoutOverflowWarning'))
})

test('an API that is away at the start: the keys are not loaded, and are when it comes', async (t) => {
  const api = await startSecretsApi(t)
  api.put('s', { one: secretOf('one') })
  api.answer('list', { code: 500, message: 'etcd is away' })
  const store = await open(t, api)
  t.false(store.isComplete())
  t.deepEqual(store.ages(), [{ source: NAME, age: undefined }])
  t.deepEqual(store.problems(), [`${NAME}: the API says 500: etcd is away`])
  api.answer('list', undefined)
  t.true(await eventually(() => store.isComplete() && store.has('one') === 'one'))
})

test('an API that does not answer holds the start up for five seconds at most', async (t) => {
  const api = await startSecretsApi(t)
  api.answer('list', 'hang')
  const start = performance.now()
  const store = await open(t, api)
  t.true(performance.now() - start < 8_000)
  t.false(store.isComplete())
})

test('without a ServiceAccount or a readable kubeconfig the problem says what to do', async (t) => {
  const recorder = createRecorder()
  const store = await createKeyStore(
    [
      { kubernetes: { labelSelector: 'keys=yes' } },
      { kubernetes: { labelSelector: 'keys=yes', kubeconfig: '/nowhere/kubeconfig' } },
    ],
    recorder.observer,
  )
  t.teardown(store.close)
  t.deepEqual(store.problems(), [
    `${NAME}: no ServiceAccount in /var/run/secrets/kubernetes.io/serviceaccount: outside a cluster write kubeconfig: FILE`,
    `${NAME}: the kubeconfig /nowhere/kubeconfig cannot be read: ENOENT: no such file or directory, open '/nowhere/kubeconfig'`,
  ])
  t.false(store.isComplete())
})
