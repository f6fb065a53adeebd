import test, { type ExecutionContext } from 'ava'
import { redisSource } from '../../src/config/redis-source-schema.ts'
import type { KeyEditor } from '../../src/editors/key-editor.ts'
import { createRedisEditor } from '../../src/editors/redis-editor.ts'
import { digestOf, measure, nameOf, openSource, secretOf, toEntry, toSet } from './open-source.ts'
import { startRedis } from './start-redis.ts'

const openEditor = async (t: ExecutionContext, settings: object): Promise<KeyEditor> => {
  const editor = await createRedisEditor(redisSource.parse(settings))
  t.teardown(editor.close)
  return editor
}

const listIds = async (editor: KeyEditor): Promise<readonly string[]> =>
  (await editor.list()).map(({ entry }) => entry.id).toSorted()

test('a key that was added is listed, with its last use, and lets in', async (t) => {
  const { url, send } = await startRedis(t)
  const editor = await openEditor(t, { url })
  t.deepEqual(await editor.list(), [])
  t.deepEqual(await editor.add(toEntry('ci', { scopes: ['a'] })), { kind: 'done', origin: nameOf('ci') })
  await editor.add(toEntry('unused'))
  await send('ZADD', 'bearergate:last-use', '1700000000000', 'ci')
  const list = (await editor.list()).toSorted((a, b) => a.entry.id.localeCompare(b.entry.id))
  t.deepEqual(list, [
    { entry: toEntry('ci', { scopes: ['a'] }), origin: nameOf('ci'), lastUsed: '2023-11-14T22:13:20.000Z' },
    { entry: toEntry('unused'), origin: nameOf('unused') },
  ])
  const { ask } = await openSource(t, { url })
  t.is(await ask('ci'), 'ci')
})

test('an id or a secret that is there already is refused, and nothing is written', async (t) => {
  const { url, send } = await startRedis(t)
  const editor = await openEditor(t, { url })
  await editor.add(toEntry('ci'))
  t.deepEqual(await editor.add({ ...toEntry('other'), id: 'ci' }), {
    kind: 'refused',
    reason: `the id ci is in ${nameOf('ci')} already`,
  })
  const taken = { kind: 'refused', reason: 'another key has that secret already' } as const
  t.deepEqual(await editor.add({ ...toEntry('ci'), id: 'twin' }), taken)
  const previous = [{ digest: `sha256:${digestOf('ci')}`, expires: '2030-01-01T00:00:00Z' }]
  t.deepEqual(await editor.add(toEntry('late', { previous })), taken)
  t.deepEqual(await editor.change('nobody', (entry) => entry), { kind: 'refused', reason: 'there is no key nobody' })
  t.deepEqual(await editor.remove('nobody'), { kind: 'refused', reason: 'there is no key nobody' })
  t.deepEqual(await editor.change('ci', (entry) => ({ ...entry, id: 'cd' })), {
    kind: 'refused',
    reason: 'an id cannot be changed: make a new key',
  })
  t.is(await send('DBSIZE'), 2)
})

test('rotation: both secrets are good, the key that is disabled takes both down, and removal leaves nothing', async (t) => {
  const { url, send } = await startRedis(t)
  const editor = await openEditor(t, { url })
  const { ask, source } = await openSource(t, { url })
  await editor.add(toEntry('ci'))
  t.is(await ask('ci'), 'ci')
  const expires = '2030-01-01T00:00:00Z'
  for (const [old, next] of [
    ['ci', 'second'],
    ['second', 'third'],
  ] as const) {
    const edit = await editor.change('ci', ({ previous = [], ...entry }) => ({
      ...entry,
      digest: `sha256:${digestOf(next)}`,
      previous: [...previous, { digest: `sha256:${digestOf(old)}`, expires }],
    }))
    t.deepEqual(edit, { kind: 'done', origin: nameOf(next) })
  }
  t.true((await measure(async () => (await ask('third')) === 'ci')) < 1_000)
  t.deepEqual([await ask('ci'), await ask('second')], ['ci', 'ci'])
  t.deepEqual(await listIds(editor), ['ci'])

  await editor.change('ci', (entry) => ({ ...entry, disabled: true }))
  const isDisabled = async (id: string): Promise<boolean> => {
    const lookup = await source.lookUp?.(digestOf(id), undefined)
    return lookup?.kind === 'found' && lookup.record.disabled
  }
  for (const id of ['ci', 'second', 'third']) t.true((await measure(() => isDisabled(id))) < 1_000, id)

  // The first one is let go: its record goes too.
  await editor.change('ci', ({ previous = [], ...entry }) => ({ ...entry, previous: previous.slice(1) }))
  t.true((await measure(async () => (await ask('ci')) === 'unknown')) < 1_000)
  t.is(await send('EXISTS', nameOf('ci')), 0)

  await send('ZADD', 'bearergate:last-use', '1700000000000', 'ci')
  t.deepEqual(await editor.remove('ci'), { kind: 'done', origin: nameOf('third') })
  t.is(await send('DBSIZE'), 0)
  t.true((await measure(async () => (await ask('third')) === 'unknown')) < 1_000)
  t.is(await ask('second'), 'unknown')
})

test('changes at the same time: none is lost, and one of two equal additions is refused', async (t) => {
  const { url } = await startRedis(t)
  const editors = await Promise.all([1, 2, 3, 4].map(() => openEditor(t, { url })))
  const added = await Promise.all(editors.map((editor, index) => editor.add({ ...toEntry(`s${index}`), id: 'ci' })))
  t.deepEqual(added.map(({ kind }) => kind).toSorted(), ['done', 'refused', 'refused', 'refused'])
  const edits = await Promise.all(
    editors.map(async (editor, index) => {
      const results = []
      for (let round = 0; round < 5; round += 1) {
        const scope = `s${index}-${round}`
        results.push(
          await editor.change('ci', ({ scopes = [], ...entry }) => ({ ...entry, scopes: [...scopes, scope] })),
        )
      }
      return results
    }),
  )
  t.true(edits.flat().every(({ kind }) => kind === 'done'))
  const [held] = (await editors[0]?.list()) ?? []
  t.is(new Set(held?.entry.scopes).size, 20)
})

test('a record that another program wrote without its id is found too; a broken one is named, and can be removed', async (t) => {
  const { url, send } = await startRedis(t)
  const editor = await openEditor(t, { url })
  await send(...toSet(toEntry('foreign')))
  await send('SET', nameOf('broken'), '{"id":7}')
  await send('SET', 'bearergate:id:broken', `sha256:${digestOf('broken')}`)
  await send('SET', 'bearergate:key:no-digest', secretOf('x'))
  t.deepEqual(await listIds(editor), ['foreign'])
  t.deepEqual(await editor.problems?.(), [`${nameOf('broken')}: id: Invalid input: expected string, received number`])
  t.is((await editor.change('foreign', (entry) => ({ ...entry, disabled: true }))).kind, 'done')
  t.is(await send('GET', 'bearergate:id:foreign'), `sha256:${digestOf('foreign')}`)
  t.deepEqual(await editor.change('broken', (entry) => entry), {
    kind: 'refused',
    reason: `${nameOf('broken')} is not changed: id: Invalid input: expected string, received number`,
  })
  t.is((await editor.remove('broken')).kind, 'done')
  t.is((await editor.remove('foreign')).kind, 'done')
  t.is(await send('DBSIZE'), 1)
})

test('a list goes through more records than one page', async (t) => {
  const { url, send } = await startRedis(t)
  const editor = await openEditor(t, { url })
  const entries = Array.from({ length: 5_000 }, (_, index) => toEntry(`k${index}`))
  for (const entry of entries) void send(...toSet(entry))
  await send('PING')
  t.is((await listIds(editor)).length, 5_000)
})

test('one key is found by its id and by each of its secrets, without a look at the others', async (t) => {
  const { url, send } = await startRedis(t)
  const editor = await openEditor(t, { url })
  const previous = [{ digest: `sha256:${digestOf('old')}`, expires: '2030-01-01T00:00:00Z' }]
  await editor.add(toEntry('ci', { previous }))
  await editor.add(toEntry('other'))
  await send('ZADD', 'bearergate:last-use', '1700000000000', 'ci')
  const held = [{ entry: toEntry('ci', { previous }), origin: nameOf('ci'), lastUsed: '2023-11-14T22:13:20.000Z' }]
  t.deepEqual(await editor.list({ id: 'ci' }), held)
  t.deepEqual(await editor.list({ digest: digestOf('ci') }), held)
  t.deepEqual(await editor.list({ digest: digestOf('old') }), held)
  t.deepEqual(await editor.list({ id: 'nobody' }), [])
  t.deepEqual(await editor.list({ digest: digestOf('nobody') }), [])
})
