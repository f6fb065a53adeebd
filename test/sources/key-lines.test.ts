import test from 'ava'
import fc from 'fast-check'
import { toDigest } from '../../src/key/digest.ts'
import { parseKeyFile } from '../../src/sources/key-file.ts'
import { packKeyLines } from '../../src/sources/pack-key-lines.ts'
import { unpackRecords } from '../../src/sources/packed-keys.ts'
import { splitLines } from '../../src/sources/split-lines.ts'

const digestOf = (id: string): string => `sha256:${toDigest(`the-secret-of-${id}-0123456789`)}`
const toLine = (id: string, more: object = {}): string => JSON.stringify({ id, digest: digestOf(id), ...more })

const problemsOf = (text: string): readonly string[] => {
  const packed = packKeyLines('k.jsonl', [Buffer.from(text)])
  return packed.kind === 'refused' ? packed.problems : []
}

test('a line is a key, as an entry of a key set file is', (t) => {
  const entries = [
    { id: 'ci', digest: digestOf('ci') },
    { id: 'team', digest: digestOf('team'), scopes: ['a'], claims: { owner: 'alice' }, hosts: ['API.example.com'] },
    {
      id: 'rotated',
      digest: digestOf('new'),
      previous: [{ digest: digestOf('old'), expires: '2030-01-01T00:00:00Z' }],
    },
  ]
  const lines = entries.map((entry) => `${JSON.stringify(entry)}\r\n`).join('\n')
  const parsed = parseKeyFile('k.jsonl', Buffer.from(lines))
  t.is(parsed.kind === 'parsed' && parsed.records.length, 4)
  t.deepEqual(parsed, parseKeyFile('k.json', Buffer.from(JSON.stringify({ keys: entries }))))
})

test('every problem has its line; no other line is passed over for it', (t) => {
  const text = [
    toLine('a'),
    '{"id": "b", "digest": "sha256:no"}',
    'no JSON',
    '',
    toLine('c', { scope: [] }),
    '[]',
    '',
  ].join('\n')
  t.deepEqual(problemsOf(text), [
    'k.jsonl:2:23: digest: write sha256: and 64 lower-case hexadecimal digits',
    'k.jsonl:3:1: it is no JSON: each line is one key, as in {"id": "ci", "digest": "sha256:…"}',
    `k.jsonl:5:${toLine('c').length + 1}: unknown field`,
    'k.jsonl:6:1: must be of type object',
  ])
})

test('an id or a secret that stands twice breaks the file', (t) => {
  const previous = [{ digest: digestOf('old'), expires: '2030-01-01T00:00:00Z' }]
  const text = [toLine('a', { previous }), toLine('b'), toLine('a'), toLine('old'), ''].join('\n')
  t.deepEqual(problemsOf(text), [
    'k.jsonl:3:1: it has the id of the key in line 1',
    'k.jsonl:3:1: it has the secret of the key in line 1',
    'k.jsonl:4:1: it has the secret of the key in line 1',
  ])
})

test('a file that may not be whole is refused: one without a last line end, an empty one', (t) => {
  t.deepEqual(problemsOf(`${toLine('a')}\n${toLine('b')}`), [
    'k.jsonl:2:1: the last line has no line end: the file may not be whole',
  ])
  t.deepEqual(problemsOf(''), ['k.jsonl: it is empty: for no keys write one empty line'])
  t.deepEqual(problemsOf('\n'), [])
})

test('a line of more than 64 KiB is refused without being held, and those after it are read', (t) => {
  const text = `${toLine('a')}\n${'x'.repeat(200_000)}\n{}\n`
  const expected = [
    'k.jsonl:2:1: the line is longer than 65536 bytes',
    'k.jsonl:3:1: id: is missing',
    'k.jsonl:3:1: digest: is missing',
  ]
  t.deepEqual(problemsOf(text), expected)
  const pieces = text.match(/.{1,10000}/gs)?.map((piece) => Buffer.from(piece)) ?? []
  const packed = packKeyLines('k.jsonl', pieces)
  t.deepEqual(packed.kind === 'refused' && packed.problems, expected)
})

test('after a hundred problems reading stops', (t) => {
  const problems = problemsOf('no\n'.repeat(1_000))
  t.is(problems.length, 101)
  t.is(problems[100], 'k.jsonl: reading stopped at line 100')
})

test('no problem shows what a line holds', (t) => {
  const secret = 'bgk_0123456789012345678901234567890123456789'
  for (const line of [secret, `{"id": "a", "digest": "${secret}"}`, `{"id": "a" ${secret}`, `"${secret}"`]) {
    t.false(problemsOf(`${line}\n`).join().includes(secret), line)
  }
})

test('lines are the same however the bytes come', (t) => {
  const line = fc.string({ unit: 'grapheme', maxLength: 10 }).map((text) => text.replaceAll('\n', ''))
  const property = fc.property(
    fc.array(line),
    fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
    (lines, sizes) => {
      const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''))
      const pieces: Buffer[] = []
      for (let at = 0; at < bytes.length; at += pieces.at(-1)?.length ?? 1) {
        pieces.push(bytes.subarray(at, at + (sizes[pieces.length % sizes.length] ?? 1)))
      }
      t.deepEqual(
        [...splitLines(pieces)],
        lines.map((text, index) => ({ kind: 'line', number: index + 1, text: Buffer.from(text).toString() })),
      )
    },
  )
  fc.assert(property)
})

test('records of lines unpack in their order', (t) => {
  const packed = packKeyLines('k.jsonl', [Buffer.from(`${toLine('b')}\n${toLine('a')}\n`)])
  t.deepEqual(packed.kind === 'packed' && unpackRecords(packed.packed).map(({ id }) => id), ['b', 'a'])
})
