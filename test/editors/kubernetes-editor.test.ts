import test, { type ExecutionContext } from 'ava'
import { createKubernetesEditor } from '../../src/editors/kubernetes-editor.ts'
import { toLabels } from '../../src/editors/selector-labels.ts'
import type { KeyEntry } from '../../src/sources/key-entry.ts'
import { LABEL, type SecretsApi, startSecretsApi } from '../fixtures/secrets-api.ts'

const toEntry = (id: string): KeyEntry => ({
  id,
  digest: `sha256:${'0'.repeat(60)}${id.toLowerCase().padStart(4, '0')}`,
})

const open = (_: ExecutionContext, { kubeconfig }: SecretsApi, labelSelector = 'keys=yes') =>
  createKubernetesEditor({ kubeconfig, labelSelector })

const textOf = (api: SecretsApi, name: string, entry: string): string =>
  Buffer.from(api.secrets.get(name)?.data[entry] ?? '', 'base64').toString()

test('a new key gets a Secret of its own with the labels of the selector', async (t) => {
  const api = await startSecretsApi(t)
  const editor = await open(t, api)
  const origin = 'gate/bearergate-key-c1/bearergate-key-c1.yaml'
  t.deepEqual(await editor.add({ ...toEntry('C1'), scopes: ['a'] }), { kind: 'done', origin })
  t.deepEqual(api.secrets.get('bearergate-key-c1')?.metadata.labels, LABEL)
  t.is(
    textOf(api, 'bearergate-key-c1', 'bearergate-key-c1.yaml'),
    `keys:\n  - id: C1\n    digest: ${toEntry('C1').digest}\n    scopes:\n      - a\n`,
  )
  t.deepEqual(await editor.list(), [{ entry: { ...toEntry('C1'), scopes: ['a'] }, origin }])
})

test('an id that is there already, in whatever Secret, is refused', async (t) => {
  const api = await startSecretsApi(t)
  api.put('team', { 'team.json': JSON.stringify({ keys: [toEntry('c1')] }) })
  api.put('bearergate-key-c2', { other: 'a-secret-of-somebody' })
  const editor = await open(t, api)
  t.deepEqual(await editor.add(toEntry('c1')), { kind: 'refused', reason: 'gate/team/team.json has a key c1 already' })
  t.deepEqual(await editor.add(toEntry('c2')), {
    kind: 'refused',
    reason: 'there is a Secret gate/bearergate-key-c2 already: take another id',
  })
})

test('a selector that names no labels is refused for new keys, and says how to write it', async (t) => {
  const api = await startSecretsApi(t)
  const editor = await open(t, api, 'keys in (yes, no)')
  t.deepEqual(await editor.add(toEntry('c1')), {
    kind: 'refused',
    reason:
      'no labels can be told from the selector keys in (yes, no): write it as name=value, with commas between several',
  })
  t.deepEqual(toLabels('a=b, example.com/c == d'), { a: 'b', 'example.com/c': 'd' })
  for (const selector of ['a', '!a', 'a!=b', 'a=b,c', 'a in (b)', '']) t.is(toLabels(selector), undefined, selector)
})

test('a change keeps comments and the rest of the Secret', async (t) => {
  const api = await startSecretsApi(t)
  const text = `# ours\nkeys:\n  - id: c1 # first\n    digest: ${toEntry('c1').digest}\n`
  api.put('team', { 'team.yaml': text, other: 'a-secret-of-somebody' }, { annotations: { note: 'stays' } })
  const editor = await open(t, api)
  const edit = await editor.change('c1', (entry) => ({ ...entry, disabled: true }))
  t.deepEqual(edit, { kind: 'done', origin: 'gate/team/team.yaml' })
  t.is(textOf(api, 'team', 'team.yaml'), `${text}    disabled: true\n`)
  t.is(textOf(api, 'team', 'other'), 'a-secret-of-somebody')
  t.is(api.secrets.get('team')?.metadata.annotations['note'], 'stays')
})

test('somebody who was faster keeps what was done: it is read again, and not for ever', async (t) => {
  const api = await startSecretsApi(t)
  const put = (...ids: readonly string[]) =>
    api.put('team', { 'team.json': JSON.stringify({ keys: ids.map(toEntry) }) })
  put('c1')
  let writes = 0
  api.onWrite = () => {
    writes += 1
    if (writes === 1) put('c1', 'c2')
  }
  const editor = await open(t, api)
  t.is((await editor.change('c1', (entry) => ({ ...entry, disabled: true }))).kind, 'done')
  const keys = JSON.parse(textOf(api, 'team', 'team.json')).keys
  t.deepEqual(keys, [{ ...toEntry('c1'), disabled: true }, toEntry('c2')])
  t.is(writes, 2)
  api.onWrite = () => put('c1', 'c2')
  t.deepEqual(await editor.change('c1', (entry) => ({ ...entry, disabled: true })), {
    kind: 'refused',
    reason: 'others change it at the same time, again and again. Nothing was written: run the command again',
  })
})

test('a key that is removed takes its entry along, and the last one its Secret', async (t) => {
  const api = await startSecretsApi(t)
  api.put('team', {
    'team.json': JSON.stringify({ keys: [toEntry('c1'), toEntry('c2')] }),
    plain: 'a-secret-of-somebody',
  })
  const editor = await open(t, api)
  t.deepEqual(await editor.remove('c1'), { kind: 'done', origin: 'gate/team/team.json' })
  t.deepEqual(await editor.remove('plain'), { kind: 'done', origin: 'gate/team/plain' })
  t.deepEqual(Object.keys(api.secrets.get('team')?.data ?? {}), ['team.json'])
  t.deepEqual(await editor.remove('c2'), { kind: 'done', origin: 'gate/team/team.json' })
  t.is(api.secrets.size, 0)
  t.deepEqual(await editor.remove('c2'), { kind: 'refused', reason: 'kubernetes:keys=yes has no key c2' })
})

test('plain secrets are listed as their annotations say, and a change says what to do instead', async (t) => {
  const api = await startSecretsApi(t)
  const annotations = {
    'bearergate.dev/scopes': 'a, b',
    'bearergate.dev/expires': '2030-01-31T00:00:00Z',
    'bearergate.dev/disabled': 'true',
  }
  api.put('s', { plain: 'a-secret-of-somebody', broken: 'short' }, { annotations })
  const editor = await open(t, api)
  const [held] = await editor.list()
  t.like(held, {
    origin: 'gate/s/plain',
    entry: { id: 'plain', scopes: ['a', 'b'], expires: '2030-01-31T00:00:00.000Z', disabled: true },
  })
  t.deepEqual(await editor.problems?.(), ['gate/s/broken: it is shorter than 16 bytes: too easy to guess'])
  t.deepEqual(await editor.change('plain', (entry) => entry), {
    kind: 'refused',
    reason:
      'gate/s/plain is a plain secret: it has no place for more. To disable it: kubectl annotate secret -n gate s bearergate.dev/disabled=true',
  })
})

test('a broken annotation hides no other: the list says disabled, as the gate does', async (t) => {
  const api = await startSecretsApi(t)
  const annotations = { 'bearergate.dev/expires': 'soon', 'bearergate.dev/disabled': 'true' }
  api.put('s', { plain: 'a-secret-of-somebody' }, { annotations })
  const [held] = await (await open(t, api)).list()
  t.deepEqual(held?.entry.disabled, true)
})

test('an API that refuses or is away is an outcome in words', async (t) => {
  const api = await startSecretsApi(t)
  api.answer('list', { code: 403, message: 'secrets is forbidden' })
  const editor = await open(t, api)
  const reason = 'kubernetes:keys=yes: the API says 403: secrets is forbidden'
  t.deepEqual(await editor.remove('c1'), { kind: 'refused', reason })
  t.deepEqual(await editor.list(), [])
  t.deepEqual(await editor.problems?.(), [reason])
})
