import test from 'ava'
import { createLastUseWriter } from '../../src/redis/last-use-writer.ts'
import { createProblemList } from '../../src/redis/problem-list.ts'
import { parseRecord } from '../../src/redis/stored-record.ts'
import type { KeyLookup } from '../../src/sources/key-source.ts'
import { refuseOwned } from '../../src/sources/refuse-owned.ts'
import { eventually } from '../fixtures/eventually.ts'

const A = 'a'.repeat(64)
const B = 'b'.repeat(64)

test('a record is a key with its digest, a pointer, or broken, and never more than that', (t) => {
  const entry = {
    id: 'ci',
    digest: `sha256:${A}`,
    previous: [{ digest: `sha256:${B}`, expires: '2030-01-01T00:00:00Z' }],
  }
  const record = parseRecord(A, JSON.stringify(entry))
  t.is(record.kind, 'entry')
  t.deepEqual(record.kind === 'entry' && [...record.records.keys()], [A, B])
  t.deepEqual(parseRecord(B, `sha256:${A}`), { kind: 'replaced', by: A })
  t.deepEqual(parseRecord(A, ''), { kind: 'absent' })
  for (const [text, problem] of [
    ['sha256:', 'it is no JSON'],
    ['null', 'it is no key: Invalid input: expected object, received null'],
    ['[]', 'it is no key: Invalid input: expected object, received array'],
    [JSON.stringify({ ...entry, digest: `sha256:${B}` }), 'digest: it is not the one in its name'],
    [JSON.stringify({ ...entry, id: 'a\nb' }), 'id: an id is 1 to 128 visible ASCII characters with inner spaces'],
    [JSON.stringify({ ...entry, disabled: 'no' }), 'disabled: Invalid input: expected boolean, received string'],
    [JSON.stringify({ ...entry, note: 'x'.repeat(70_000) }), 'it is longer than 65536 bytes'],
  ] as const) {
    t.deepEqual(parseRecord(A, text), { kind: 'broken', problem }, text.slice(0, 80))
  }
})

test('the last use: the newest time of each id is written, again after a failure, and at the end', async (t) => {
  const written: (readonly (readonly [string, number])[])[] = []
  let fails = true
  const writer = createLastUseWriter(async (times) => {
    if (fails) throw new Error('away')
    written.push(times)
  }, 20)
  writer.used('ci', 1)
  await new Promise((resolve) => setTimeout(resolve, 60))
  writer.used('ci', 2)
  writer.used('cd', 3)
  fails = false
  t.true(await eventually(() => written.length === 1))
  t.deepEqual(written, [
    [
      ['ci', 2],
      ['cd', 3],
    ],
  ])
  writer.used('ci', 4)
  await writer.close()
  t.deepEqual(written[1], [['ci', 4]])
})

test('twelve thousand ids in use: ten thousand are written, a thousand at once', async (t) => {
  const sizes: number[] = []
  const writer = createLastUseWriter(async (times) => {
    sizes.push(times.length)
  })
  for (let index = 0; index < 12_000; index += 1) writer.used(`k${index}`, index)
  await writer.close()
  t.deepEqual(
    sizes,
    Array.from({ length: 10 }, () => 1_000),
  )
})

test('a problem is told once for as long as it stays, and twenty are kept', (t) => {
  const told: string[] = []
  const problems = createProblemList((problem) => told.push(problem))
  for (const text of ['x', 'x', 'y']) problems.add('a', text)
  problems.remove('a')
  problems.add('a', 'y')
  t.deepEqual(told, ['a: x', 'a: y', 'a: y'])
  for (let index = 0; index < 30; index += 1) problems.add(`b${index}`, 'z')
  t.is(problems.list().length, 20)
  t.is(told.length, 3 + 19)
  problems.clear()
  t.deepEqual(problems.list(), [])
})

test('a key that was looked up is refused when its id stands in a source that is held', async (t) => {
  const told: string[] = []
  const answer: KeyLookup = { kind: 'found', record: { id: 'ci', digest: A, scopes: [], disabled: false } }
  const owners = new Map<string, string>()
  const lookUp = refuseOwned(
    async () => answer,
    () => owners,
    (problem) => told.push(problem),
  )
  t.is(await lookUp?.(A, undefined), answer)
  owners.set('ci', '/keys/team.yaml')
  t.deepEqual(await lookUp?.(A, undefined), { kind: 'unknown' })
  t.deepEqual(await lookUp?.(A, undefined), { kind: 'unknown' })
  t.deepEqual(told, ['a key that was looked up is refused: its id ci stands in /keys/team.yaml already'])
})
