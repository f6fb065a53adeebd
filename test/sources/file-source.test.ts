import { mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { toDigest } from '../../src/key/digest.ts'
import { createFileSource } from '../../src/sources/file-source.ts'
import { createKeyStore, type KeyStore } from '../../src/sources/key-store.ts'
import { createSideThread, type SideThread } from '../../src/sources/side-thread.ts'
import { eventually } from '../fixtures/eventually.ts'
import { makeFolder } from '../fixtures/folder.ts'
import { createRecorder, type Recorder } from '../fixtures/recorder.ts'

const secretOf = (id: string): string => `the-secret-of-${id}-0123456789`

const toKeySet = (...ids: readonly string[]): string =>
  JSON.stringify({ keys: ids.map((id) => ({ id, digest: `sha256:${toDigest(secretOf(id))}` })) })

const open = async (
  t: ExecutionContext,
  ...sources: readonly { readonly directory?: string; readonly file?: string }[]
): Promise<KeyStore & Recorder & { readonly has: (id: string) => string | undefined }> => {
  const recorder = createRecorder()
  const store = await createKeyStore(sources, recorder.observer)
  t.teardown(() => store.close())
  return { ...recorder, ...store, has: (id) => store.find(toDigest(secretOf(id)))?.id }
}

/** Replaces a file as careful editors do. */
const replace = (path: string, text: string): void => {
  const next = `${join(path, '..')}/.${basename(path)}.next`
  writeFileSync(next, text)
  renameSync(next, path)
}

test('key sets and plain secrets add up; dot files and folders are passed over', async (t) => {
  const folder = makeFolder(t)
  writeFileSync(join(folder, 'a.yaml'), toKeySet('a'))
  writeFileSync(join(folder, 'b.yml'), `# comment\n${toKeySet('b')}`)
  writeFileSync(join(folder, 'c.json'), toKeySet('c'))
  writeFileSync(join(folder, 'plain'), `${secretOf('plain')}\n`)
  writeFileSync(join(folder, '.hidden'), secretOf('hidden'))
  mkdirSync(join(folder, 'folder'))
  const store = await open(t, { directory: folder })
  t.deepEqual(['a', 'b', 'c', 'plain', 'hidden'].map(store.has), ['a', 'b', 'c', 'plain', undefined])
  t.is(store.size(), 4)
  t.deepEqual(store.problems(), [])
  t.deepEqual(store.reloads, [`keys ${folder}: ok`])
})

test('a change takes effect within one second: added, replaced, removed', async (t) => {
  const folder = makeFolder(t)
  const store = await open(t, { directory: folder })
  t.true(store.isComplete())
  writeFileSync(join(folder, 'one'), secretOf('one'))
  t.true(await eventually(() => store.has('one') === 'one', 1_000))
  replace(join(folder, 'one'), secretOf('two'))
  t.true(await eventually(() => store.has('two') === 'one' && store.has('one') === undefined, 1_000))
  unlinkSync(join(folder, 'one'))
  t.true(await eventually(() => store.size() === 0, 1_000))
})

test('kubernetes#112677: the swap of the ..data link of a mounted Secret is one change', async (t) => {
  const folder = makeFolder(t)
  const mount = (version: string, ids: readonly string[]): void => {
    mkdirSync(join(folder, version))
    for (const id of ids) {
      writeFileSync(join(folder, version, id), secretOf(id))
      rmSync(join(folder, id), { force: true })
      symlinkSync(`..data/${id}`, join(folder, id))
    }
    symlinkSync(version, join(folder, '..next'))
    renameSync(join(folder, '..next'), join(folder, '..data'))
  }
  mount('..1', ['a', 'b'])
  const store = await open(t, { directory: folder })
  t.deepEqual([store.has('a'), store.has('b')], ['a', 'b'])
  mount('..2', ['b', 'c'])
  t.true(await eventually(() => store.has('c') === 'c' && store.has('a') === undefined, 1_000))
  t.is(store.has('b'), 'b')
})

test('a broken file keeps its last good keys, is named with its line, and takes no other down', async (t) => {
  const folder = makeFolder(t)
  const team = join(folder, 'team.json')
  writeFileSync(team, toKeySet('a'))
  const store = await open(t, { directory: folder })
  replace(team, '{"keys": [\n  {"id": "a", "digest": "sha256:no"}]}')
  writeFileSync(join(folder, 'more.json'), toKeySet('b'))
  t.true(await eventually(() => store.has('b') === 'b'))
  t.is(store.has('a'), 'a')
  const digest = 'write sha256: and 64 lower-case hexadecimal digits'
  t.true(await eventually(() => store.problems().join() === `${team}:2:25: keys[0].digest: ${digest}`))
  t.is(store.reloads.filter((line) => line.includes('2:25')).length >= 1, true)

  replace(team, toKeySet('c'))
  t.true(await eventually(() => store.has('c') === 'c' && store.has('a') === undefined))
  t.deepEqual(store.problems(), [])
})

test('a file that is broken at the start counts as empty', async (t) => {
  const folder = makeFolder(t)
  writeFileSync(join(folder, 'short'), 'short')
  writeFileSync(join(folder, 'good'), secretOf('good'))
  const store = await open(t, { directory: folder })
  t.is(store.has('good'), 'good')
  t.true(store.isComplete())
  t.deepEqual(store.problems(), [`${join(folder, 'short')}: it is shorter than 16 bytes: too easy to guess`])
})

test('an id or a secret that stands twice in one file breaks that file', async (t) => {
  const folder = makeFolder(t)
  const digest = `sha256:${toDigest(secretOf('a'))}`
  writeFileSync(join(folder, 'k.yaml'), `keys:\n- {id: a, digest: "${digest}"}\n- {id: a, digest: "${digest}"}\n`)
  const store = await open(t, { directory: folder })
  t.is(store.has('a'), undefined)
  t.deepEqual(store.problems(), [
    `${join(folder, 'k.yaml')}:3:8: keys[1].id: is the id of a key above`,
    `${join(folder, 'k.yaml')}:3:19: keys[1].digest: is the secret of a key above`,
  ])
})

test('an id of another file is refused, takes nothing from the first, and lets nobody else in', async (t) => {
  const folder = makeFolder(t)
  writeFileSync(join(folder, 'z.json'), toKeySet('a'))
  const store = await open(t, { directory: folder })
  // By name it comes first; by time it does not.
  const impostor = { keys: [{ id: 'a', digest: `sha256:${toDigest(secretOf('impostor'))}` }] }
  writeFileSync(join(folder, 'b.json'), JSON.stringify(impostor))
  const refusal = `${join(folder, 'b.json')}: the key id a is refused: it stands in ${join(folder, 'z.json')} already`
  t.true(await eventually(() => store.problems().join() === refusal))
  t.is(store.has('a'), 'a')
  t.is(store.has('impostor'), undefined)
  t.is(store.reloads.filter((line) => line.includes('is refused')).length, 1)
})

test('one secret under two ids: the first answers, and the second when the first is gone', async (t) => {
  const folder = makeFolder(t)
  writeFileSync(join(folder, 'first'), secretOf('shared'))
  writeFileSync(join(folder, 'second'), secretOf('shared'))
  const store = await open(t, { directory: folder })
  t.is(store.has('shared'), 'first')
  unlinkSync(join(folder, 'first'))
  t.true(await eventually(() => store.has('shared') === 'second'))
})

test('a directory that is missing is a failed reload, and is read when it comes', async (t) => {
  const folder = join(makeFolder(t), 'keys')
  const store = await open(t, { directory: folder })
  t.false(store.isComplete())
  t.deepEqual(store.problems(), [`${folder}: ENOENT: no such file or directory, scandir '${folder}'`])
  mkdirSync(folder)
  writeFileSync(join(folder, 'a'), secretOf('a'))
  t.true(await eventually(() => store.isComplete() && store.has('a') === 'a'))
  rmSync(folder, { recursive: true })
  t.true(await eventually(() => store.problems().length === 1))
  t.is(store.has('a'), 'a')
})

test('a key set file may be a source of its own', async (t) => {
  const folder = makeFolder(t)
  const file = join(folder, 'k.yaml')
  const store = await open(t, { file })
  t.false(store.isComplete())
  replace(file, toKeySet('a'))
  writeFileSync(join(folder, 'other'), secretOf('other'))
  t.true(await eventually(() => store.has('a') === 'a' && store.isComplete()))
  t.is(store.has('other'), undefined)
  unlinkSync(file)
  t.true(await eventually(() => store.problems().length === 1))
  t.is(store.has('a'), 'a')
})

test('a store that takes over keeps the sources that stay, with their last good keys, and closes the others', async (t) => {
  const folder = makeFolder(t)
  const [stays, goes] = [join(folder, 'stays'), join(folder, 'goes')]
  for (const [name, id] of [
    [stays, 'a'],
    [goes, 'b'],
  ] as const) {
    mkdirSync(name)
    writeFileSync(join(name, id), secretOf(id))
  }
  const before = await open(t, { directory: stays }, { directory: goes })
  // Broken from now on: only who read it before knows the key.
  replace(join(stays, 'a'), 'short')
  t.true(await eventually(() => before.problems().length === 1))

  const { observer } = createRecorder()
  const after = await createKeyStore([{ directory: stays }], observer, before)
  t.teardown(() => after.close())
  before.close(after)
  t.is(after.find(toDigest(secretOf('a')))?.id, 'a')
  t.is(after.find(toDigest(secretOf('b'))), undefined)
  writeFileSync(join(stays, 'c'), secretOf('c'))
  t.true(await eventually(() => after.find(toDigest(secretOf('c')))?.id === 'c'))
})

test('no problem quotes what stands in a file of keys: it may be a secret that was put there by mistake', async (t) => {
  const folder = makeFolder(t)
  const SECRET = 'SECRET0123456789abcdef'
  const contents = [
    `*${SECRET}`,
    `keys: ]${SECRET}`,
    `keys: |${SECRET}`,
    `${SECRET}: x`,
    `keys: [{${SECRET}: 1}]`,
    SECRET,
  ]
  for (const [index, content] of contents.entries()) writeFileSync(join(folder, `${index}.yaml`), content)
  const store = await open(t, { directory: folder })
  t.true(store.problems().length >= contents.length)
  t.false([...store.problems(), ...store.reloads].join().includes('SECRET0'), store.problems().join('\n'))
})

test('what an editor left behind is no key', async (t) => {
  const folder = makeFolder(t)
  for (const name of ['me~', 'me.bak', 'me.old']) writeFileSync(join(folder, name), secretOf(name))
  const store = await open(t, { directory: folder })
  t.is(store.size(), 0)
  t.is(store.problems().length, 3)
})

test('some 100 KB are read at once when a gate starts, and off the event loop while it answers', async (t) => {
  const folder = makeFolder(t)
  const write = (...ids: readonly string[]): void =>
    replace(join(folder, 'keys.json'), toKeySet(...ids).padEnd(100_000))
  write('a')
  const thread = createSideThread()
  let runs = 0
  const counted: SideThread = {
    ...thread,
    run: (work) => {
      runs += 1
      return thread.run(work)
    },
  }
  t.teardown(thread.close)
  const { observer } = createRecorder()
  const open = async (isAnswering: boolean): Promise<void> => {
    const source = await createFileSource({ directory: folder }, observer, async () => {}, counted, isAnswering)
    t.teardown(source.close)
  }
  await open(false)
  t.is(runs, 0)
  write('a', 'b')
  t.true(await eventually(() => runs === 1))
  await open(true)
  t.is(runs, 2)
})
