import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { createFileEditor } from '../../src/editors/file-editor.ts'
import type { Edit, KeyEditor } from '../../src/editors/key-editor.ts'
import { replaceFile } from '../../src/editors/replace-file.ts'
import { toStoredDigest } from '../../src/key/digest.ts'
import type { KeyEntry } from '../../src/sources/key-entry.ts'
import { makeFolder } from '../fixtures/folder.ts'

const toEntry = (id: string): KeyEntry => ({ id, digest: toStoredDigest(`the-secret-of-${id}-0123456789`) })
const toText = (...ids: readonly string[]): string => `${JSON.stringify({ keys: ids.map(toEntry) }, undefined, 2)}\n`
const disable = (entry: KeyEntry): KeyEntry => ({ ...entry, disabled: true })
const reasonOf = (edit: Edit): string => (edit.kind === 'refused' ? edit.reason : edit.kind)
const idsOf = async (editor: KeyEditor): Promise<readonly string[]> =>
  (await editor.list()).map(({ entry }) => entry.id)

test('a new key of a directory goes to a file of its name, or to the one that is named', async (t) => {
  const directory = makeFolder(t)
  const path = (name: string): string => join(directory, name)
  t.deepEqual(await createFileEditor({ directory }).add(toEntry('ci')), { kind: 'done', origin: path('ci.yaml') })
  t.is(readFileSync(path('ci.yaml'), 'utf8'), `keys:\n  - id: ci\n    digest: ${toEntry('ci').digest}\n`)
  const team = createFileEditor({ directory }, 'team.json')
  t.is((await team.add(toEntry('a'))).kind, 'done')
  t.is((await team.add(toEntry('b'))).kind, 'done')
  t.is(readFileSync(path('team.json'), 'utf8'), toText('a', 'b'))
  t.deepEqual(await team.list(), [
    { entry: toEntry('ci'), origin: path('ci.yaml') },
    { entry: toEntry('a'), origin: path('team.json') },
    { entry: toEntry('b'), origin: path('team.json') },
  ])
  t.deepEqual(readdirSync(directory), ['ci.yaml', 'team.json'])
})

test('one key set file is made when there is none, changed, and its keys removed', async (t) => {
  const file = join(makeFolder(t), 'my keys.yaml')
  const editor = createFileEditor({ file })
  t.deepEqual(await editor.list(), [])
  t.is((await editor.add(toEntry('ci'))).kind, 'done')
  t.deepEqual(await editor.change('ci', disable), { kind: 'done', origin: file })
  t.deepEqual(await editor.list(), [{ entry: { ...toEntry('ci'), disabled: true }, origin: file }])
  t.is((await editor.remove('ci')).kind, 'done')
  t.is(readFileSync(file, 'utf8'), 'keys: []\n')
})

test('a key set of lines is listed and never changed', async (t) => {
  const directory = makeFolder(t)
  const path = join(directory, 'many.jsonl')
  const text = `${JSON.stringify({ ...toEntry('a'), scopes: ['x'] })}\n${JSON.stringify(toEntry('b'))}\n`
  writeFileSync(path, text)
  const editor = createFileEditor({ directory }, 'many.jsonl')
  t.deepEqual(await editor.list(), [
    { entry: { ...toEntry('a'), scopes: ['x'] }, origin: path },
    { entry: toEntry('b'), origin: path },
  ])
  const reason = 'has one key a line, as programs write them (.jsonl): change it with the program that made it'
  t.is(reasonOf(await editor.add(toEntry('c'))), `many.jsonl ${reason}`)
  t.is(reasonOf(await editor.change('a', disable)), `${path} ${reason}`)
  t.is(reasonOf(await editor.remove('b')), `${path} ${reason}`)
  t.is(readFileSync(path, 'utf8'), text)
  writeFileSync(path, text.repeat(2))
  t.is((await editor.list()).length, 0)
  t.is((await editor.problems?.())?.length, 4)
})

test('ids that are there or not there, and odd names, are refused', async (t) => {
  const directory = makeFolder(t)
  const editor = createFileEditor({ directory })
  writeFileSync(join(directory, 'team.yaml'), toText('a'))
  t.is(reasonOf(await editor.add(toEntry('a'))), `${join(directory, 'team.yaml')} has a key a already`)
  t.is(reasonOf(await editor.change('b', disable)), `${directory} has no key b`)
  t.is(reasonOf(await editor.remove('b')), `${directory} has no key b`)
  for (const id of ['../b', '.b', 'a b', 'a/b'])
    t.regex(reasonOf(await editor.add(toEntry(id))), /name one with --file/)
  t.regex(reasonOf(await createFileEditor({ directory }, 'keys.txt').add(toEntry('b'))), /ends in \.yaml/)
  t.regex(reasonOf(await createFileEditor({ directory }, '../x.yaml').add(toEntry('b'))), /no good file name/)
  const file = join(directory, 'team.yaml')
  t.regex(reasonOf(await createFileEditor({ file }, 'x.yaml').add(toEntry('b'))), /--file is for directories/)
  t.deepEqual(readdirSync(directory), ['team.yaml'])
})

test('a plain secret is listed and can be removed; it has no place for more', async (t) => {
  const directory = makeFolder(t)
  const path = join(directory, 'plain')
  writeFileSync(path, 'the-secret-of-plain-0123456789\n')
  const editor = createFileEditor({ directory })
  t.deepEqual(await editor.list(), [{ entry: toEntry('plain'), origin: path }])
  t.regex(reasonOf(await editor.change('plain', disable)), /is a plain secret.*Turn it into a key set/)
  t.is((await editor.remove('plain')).kind, 'done')
  t.false(existsSync(path))
})

test('a broken file is refused with all its problems, unchanged, and hides no other', async (t) => {
  const directory = makeFolder(t)
  const path = join(directory, 'team.yaml')
  const text = `keys:\n  - id: a\n    digest: sha256:abc\n  - {}\n`
  writeFileSync(path, text)
  writeFileSync(join(directory, 'good.yaml'), toText('good'))
  const editor = createFileEditor({ directory }, 'team.yaml')
  const problems = [
    `${path}:3:13: keys[0].digest: write sha256: and 64 lower-case hexadecimal digits`,
    `${path}:4:5: keys[1].id: is missing`,
    `${path}:4:5: keys[1].digest: is missing`,
  ]
  t.deepEqual(await editor.problems?.(), problems)
  t.deepEqual(await idsOf(editor), ['good'])
  t.is(reasonOf(await editor.add(toEntry('b'))), [`${path} is not changed, for it is broken:`, ...problems].join('\n'))
  t.is(reasonOf(await editor.change('a', disable)), [`${directory} has no key a`, ...problems].join('\n'))
  t.is((await editor.change('good', disable)).kind, 'done')
  t.is(readFileSync(path, 'utf8'), text)
})

test('an alias without an anchor is a problem of its file', async (t) => {
  const file = join(makeFolder(t), 'team.yaml')
  writeFileSync(file, 'keys:\n  - id: *nobody\n')
  const [problem = ''] = (await createFileEditor({ file }).problems?.()) ?? []
  t.regex(problem, /team\.yaml:1:1: it has an alias that cannot be followed$/)
})

test('text that is not UTF-8 is refused, unchanged', async (t) => {
  const file = join(makeFolder(t), 'team.yaml')
  const content = Buffer.concat([Buffer.from('# caf'), Buffer.from([0xe9]), Buffer.from(`\n${toText('a')}`)])
  writeFileSync(file, content)
  t.regex(reasonOf(await createFileEditor({ file }).change('a', disable)), /no UTF-8/)
  t.true(readFileSync(file).equals(content))
})

test('mode and owner stay', async (t) => {
  const file = join(makeFolder(t), 'team.yaml')
  writeFileSync(file, toText('a'))
  chmodSync(file, 0o640)
  const { uid, gid } = statSync(file)
  t.is((await createFileEditor({ file }).change('a', disable)).kind, 'done')
  const stats = statSync(file)
  t.deepEqual([stats.mode & 0o7777, stats.uid, stats.gid], [0o640, uid, gid])
})

test('a link stays a link: what it leads to is edited', async (t) => {
  const folder = makeFolder(t)
  mkdirSync(join(folder, 'real'))
  writeFileSync(join(folder, 'real', 'team.yaml'), toText('a'))
  const file = join(folder, 'team.yaml')
  symlinkSync('real/team.yaml', file)
  t.deepEqual(await createFileEditor({ file }).change('a', disable), { kind: 'done', origin: file })
  t.is(readlinkSync(file), 'real/team.yaml')
  t.regex(readFileSync(join(folder, 'real', 'team.yaml'), 'utf8'), /disabled: true/)
  t.deepEqual(readdirSync(join(folder, 'real')), ['team.yaml'])
})

test('a mounted Kubernetes Secret is refused, whether it is named by its folder, by a file or by a link', async (t) => {
  const folder = makeFolder(t)
  const directory = join(folder, 'mounted')
  mkdirSync(join(directory, '..2030_01_31'), { recursive: true })
  writeFileSync(join(directory, '..2030_01_31', 'team.yaml'), toText('a'))
  symlinkSync('..2030_01_31', join(directory, '..data'))
  symlinkSync('..data/team.yaml', join(directory, 'team.yaml'))
  symlinkSync('mounted/team.yaml', join(folder, 'link.yaml'))
  for (const source of [{ directory }, { file: join(directory, 'team.yaml') }, { file: join(folder, 'link.yaml') }]) {
    const editor = createFileEditor(source)
    t.deepEqual(await idsOf(editor), ['a'])
    for (const edit of [editor.add(toEntry('b')), editor.change('a', disable), editor.remove('a')]) {
      t.regex(reasonOf(await edit), /mounted Kubernetes Secret.*configure the source as kubernetes/)
    }
  }
  t.is(readFileSync(join(directory, 'team.yaml'), 'utf8'), toText('a'))
})

test('a folder that is not there is refused', async (t) => {
  const directory = join(makeFolder(t), 'absent')
  t.regex(reasonOf(await createFileEditor({ directory }).add(toEntry('a'))), /absent: ENOENT/)
  t.regex(reasonOf(await createFileEditor({ directory }).change('a', disable)), /absent: ENOENT/)
})

test('a program that ignores the lock loses nothing: a file that changed in between is not replaced', async (t) => {
  const folder = makeFolder(t)
  const path = join(folder, 'team.yaml')
  writeFileSync(path, toText('a'))
  const editor = createFileEditor({ file: path })
  const edit = await editor.change('a', (entry) => {
    writeFileSync(path, toText('a', 'b'))
    return disable(entry)
  })
  t.regex(reasonOf(edit), /another program changed it in this moment/)
  t.is(readFileSync(path, 'utf8'), toText('a', 'b'))
  t.deepEqual(readdirSync(folder), ['team.yaml'])
})

test('a file is replaced only while it is what it was and the lock is held', (t) => {
  const path = join(makeFolder(t), 'team.yaml')
  const [before, after] = [Buffer.from('before'), Buffer.from('after')]
  const isHeld = (): boolean => true
  t.false(replaceFile({ path, before, after, isHeld }))
  writeFileSync(path, before)
  t.false(replaceFile({ path, before: undefined, after, isHeld }))
  t.false(replaceFile({ path, before, after, isHeld: () => false }))
  t.is(readFileSync(path, 'utf8'), 'before')
  t.true(replaceFile({ path, before, after, isHeld }))
  t.is(readFileSync(path, 'utf8'), 'after')
  t.true(replaceFile({ path, before: after, after: undefined, isHeld }))
  t.false(existsSync(path))
})
