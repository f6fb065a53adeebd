import test from 'ava'
import fc from 'fast-check'
import { toDigest } from '../../src/key/digest.ts'
import { buildTables } from '../../src/sources/index-tables.ts'
import { EMPTY_INDEX, type KeyIndex, openIndex, toKeyIndex } from '../../src/sources/key-index.ts'
import type { KeyRecord } from '../../src/sources/key-record.ts'
import type { KeyGroup } from '../../src/sources/key-source.ts'
import { type PackedKeys, unpackRecords } from '../../src/sources/packed-keys.ts'
import { packRecords } from '../../src/sources/packer.ts'

const record = fc.record(
  {
    id: fc.string({ minLength: 1, maxLength: 20, unit: 'binary' }),
    digest: fc.stringMatching(/^[0-9a-f]{64}$/),
    scopes: fc.array(fc.string(), { maxLength: 3 }),
    disabled: fc.boolean(),
    notBefore: fc.nat(),
    expires: fc.nat(),
    hosts: fc.array(fc.domain(), { maxLength: 2 }),
    claims: fc
      .array(
        fc.tuple(fc.oneof(fc.string(), fc.constant('__proto__')), fc.oneof(fc.string(), fc.integer(), fc.boolean())),
      )
      .map((pairs) => new Map<string, unknown>(pairs)),
  },
  { requiredKeys: ['id', 'digest', 'scopes', 'disabled'] },
) as fc.Arbitrary<KeyRecord>

test('what was packed comes out as it was', (t) => {
  const property = fc.property(fc.array(record), (records) => {
    t.deepEqual(unpackRecords(packRecords(records)), records)
  })
  fc.assert(property)
})

test('many records come in pieces, in their order', (t) => {
  const records = Array.from({ length: 70_000 }, (_, number) => toRecord(`key-${number}`, number))
  const packed = packRecords(records)
  t.true(packed.length > 1)
  t.deepEqual(
    unpackRecords(packed).map(({ id }) => id),
    records.map(({ id }) => id),
  )
})

test('a key with an id alone takes 38 bytes and its id', (t) => {
  const [packed] = packRecords([toRecord('ci', 1)])
  t.is(packed?.memory.byteLength, 40)
})

test('what did not change shares its memory with what was there before', (t) => {
  const records = Array.from({ length: 70_000 }, (_, number) => toHashed(`key-${number}`))
  const before = packRecords(records)
  t.true(before.length > 4)
  const changed = records.with(40_000, { ...toHashed('key-40000'), disabled: true })
  const isNew = ({ memory }: PackedKeys) => before.every((piece) => piece.memory !== memory)
  t.is(packRecords(records, before).filter(isNew).length, 0)
  const others = [
    { what: 'a change', records: changed },
    { what: 'one comes first', records: [toHashed('first'), ...records] },
    { what: 'one goes', records: records.toSpliced(100, 1) },
    { what: 'one comes last', records: [...records, toHashed('last')] },
  ]
  for (const { what, records } of others) {
    const packed = packRecords(records, before)
    t.deepEqual(unpackRecords(packed), records, what)
    t.true(packed.filter(isNew).length <= 2, what)
  }
})

/** Few ids, few digests and few origins, so that they meet. All digests but two have the same first word: they collide. */
const crowded = fc.array(
  fc.record({
    origin: fc.constantFrom('a', 'b', 'c'),
    isWithheld: fc.boolean(),
    records: fc.array(
      fc
        .tuple(fc.constantFrom('1', '2', '3', '4', '5', '6'), fc.nat(12), fc.option(fc.nat(50)), fc.boolean())
        .map(([id, digest, expires, disabled]) => ({ ...toRecord(id, digest), disabled, ...(expires && { expires }) })),
      { maxLength: 6 },
    ),
  }),
  { maxLength: 6 },
)

test('the index says what plain maps say, through any changes', (t) => {
  const property = fc.property(fc.array(crowded, { maxLength: 4 }), fc.nat(50), (changes, now) => {
    let index: KeyIndex = EMPTY_INDEX
    let plain: PlainIndex = { byDigest: new Map(), owners: new Map(), problems: [] }
    for (const groups of changes) {
      index = toKeyIndex(groups, index)
      plain = toPlainIndex(groups, plain)
      t.is(index.byDigest.size, plain.byDigest.size)
      for (let digest = 0; digest <= 12; digest += 1) {
        t.deepEqual(index.byDigest.get(toHex(digest)), plain.byDigest.get(toHex(digest)))
      }
      for (const id of '1234567') t.is(index.owners.get(id), plain.owners.get(id))
      t.deepEqual(index.problems, plain.problems)
      const byTime = (a: { expires: number; id: string }, b: { expires: number; id: string }) =>
        a.expires - b.expires || (a.id < b.id ? -1 : 1)
      t.deepEqual([...index.expiring(now)].sort(byTime), toPlainExpiring(plain, now).sort(byTime))
    }
  })
  fc.assert(property, { numRuns: 500 })
})

test('one record stays one object, until the index is made anew', (t) => {
  const groups = [{ origin: 'a', records: [toRecord('1', 1)] }]
  const index = toKeyIndex(groups, EMPTY_INDEX)
  t.is(index.byDigest.get(toHex(1)), index.byDigest.get(toHex(1)))
  t.not(toKeyIndex(groups, index).byDigest.get(toHex(1)), index.byDigest.get(toHex(1)))
})

test('digests that differ in their last byte alone are told apart; what is no digest finds nothing', (t) => {
  const digests = ['00', '01', 'fe'].map((end) => `${'ab'.repeat(31)}${end}`)
  const records = digests.map((digest, number) => ({ ...toRecord(`key-${number}`, 0), digest }))
  const { byDigest } = toKeyIndex([{ origin: 'a', records }], EMPTY_INDEX)
  t.deepEqual(
    digests.map((digest) => byDigest.get(digest)?.id),
    ['key-0', 'key-1', 'key-2'],
  )
  for (const digest of [`${'ab'.repeat(31)}02`, 'ab', '', 'x'.repeat(64)]) t.is(byDigest.get(digest), undefined, digest)
})

test('a hundred refused records are told, of the others their number', (t) => {
  const records = Array.from({ length: 150 }, (_, number) => toRecord(`key-${number}`, number))
  const { problems } = toKeyIndex(
    [
      { origin: 'a', records },
      { origin: 'b', records },
    ],
    EMPTY_INDEX,
  )
  t.is(problems.length, 101)
  t.is(problems[0], 'b: the key id key-0 is refused: it stands in a already')
  t.is(problems[100], '… and 50 more like these')
})

test('of many keys that expire the hundred nearest are told, at any time', (t) => {
  const records = Array.from({ length: 1_000 }, (_, number) => ({ ...toRecord(`${number}`, number), expires: number }))
  const { expiring } = toKeyIndex([{ origin: 'a', records }], EMPTY_INDEX)
  const toIds = (now: number) => expiring(now).map(({ id }) => Number(id))
  t.deepEqual(
    toIds(499),
    Array.from({ length: 100 }, (_, number) => 500 + number),
  )
  t.deepEqual(toIds(997), [998, 999])
  t.deepEqual(toIds(999), [])
})

test('tables go from thread to thread', (t) => {
  const pieces = packRecords([toRecord('1', 1)]).map((keys) => ({ origin: 'a', isWithheld: false, keys }))
  const tables = structuredClone(buildTables(pieces, EMPTY_INDEX.tables))
  t.is(openIndex(tables).byDigest.get(toHex(1))?.id, '1')
})

const toHex = (number: number): string =>
  `${number < 2 ? `0000000${number}` : 'cccccccc'}${number.toString(16).padStart(56, '0')}`

const toHashed = (id: string): KeyRecord => ({ id, digest: toDigest(id), scopes: [], disabled: false })

const toRecord = (id: string, digest: number): KeyRecord => ({ id, digest: toHex(digest), scopes: [], disabled: false })

interface PlainIndex {
  readonly byDigest: ReadonlyMap<string, KeyRecord>
  readonly owners: ReadonlyMap<string, string>
  readonly problems: readonly string[]
}

/** The same in a few lines, for few keys. */
const toPlainIndex = (groups: readonly KeyGroup[], before: PlainIndex): PlainIndex => {
  const owners = new Map<string, string>()
  for (const { origin, records } of groups) {
    for (const { id } of records) if (before.owners.get(id) === origin) owners.set(id, origin)
  }
  const byDigest = new Map<string, KeyRecord>()
  const problems: string[] = []
  for (const { origin, records, isWithheld = false } of groups) {
    for (const record of records) {
      const owner = owners.get(record.id) ?? origin
      owners.set(record.id, owner)
      if (owner !== origin) {
        problems.push(`${origin}: the key id ${record.id} is refused: it stands in ${owner} already`)
      } else if (!isWithheld && !byDigest.has(record.digest)) byDigest.set(record.digest, record)
    }
  }
  return { byDigest, owners, problems }
}

const toPlainExpiring = ({ byDigest }: PlainIndex, now: number) => {
  const ends = new Map<string, number>()
  for (const { id, disabled, expires = Number.POSITIVE_INFINITY } of byDigest.values()) {
    if (!disabled) ends.set(id, Math.max(expires, ends.get(id) ?? 0))
  }
  return [...ends]
    .map(([id, expires]) => ({ id, expires }))
    .filter(({ expires }) => expires > now && expires < Number.POSITIVE_INFINITY)
}
