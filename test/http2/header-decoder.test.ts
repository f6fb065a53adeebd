import test from 'ava'
import { createHeaderDecoder } from '../../src/http2/header-decoder.ts'
import type { Field } from '../../src/http2/static-table.ts'

/** What one connection reads of these header blocks, in hex; undefined for one that is none. */
const readBlocks = (...blocks: readonly string[]): readonly (readonly string[] | undefined)[] => {
  const decode = createHeaderDecoder()
  return blocks.map((hex) => {
    const fields: Field[] = []
    const isBlock = decode(Buffer.from(hex.replaceAll(' ', ''), 'hex'), (field) => fields.push(field))
    return isBlock ? fields.map(({ name, value }) => `${name}: ${value}`) : undefined
  })
}

const REQUESTS = [
  [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com'],
  [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com', 'cache-control: no-cache'],
  [
    ...[':method: GET', ':scheme: https', ':path: /index.html', ':authority: www.example.com'],
    'custom-key: custom-value',
  ],
]

test('RFC 7541 Appendix C.3: requests without Huffman coding, over one connection', (t) => {
  t.deepEqual(
    readBlocks(
      '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
      '8286 84be 5808 6e6f 2d63 6163 6865',
      '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
    ),
    REQUESTS,
  )
})

test('RFC 7541 Appendix C.4: requests with Huffman coding', (t) => {
  t.deepEqual(
    readBlocks(
      '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
      '8286 84be 5886 a8eb 1064 9cbf',
      '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
    ),
    REQUESTS,
  )
})

for (const [title, hex] of [
  ['§6.1: the index 0', '80'],
  ['§2.3.3: an index beyond both tables', 'be'],
  ['§5.1: a number that does not end', 'ff80808080808080808080'],
  ['§5.2: a text that leaves the block', '4003 6162'],
  ['§5.2: padding of eight bits', '0001 61 82 1fff'],
  ['§5.2: padding that is not all ones', '0001 61 81 18'],
  ['§5.2: EOS', '0001 61 84 ffffffff'],
  ['§4.2: a table larger than we allow', '3fe2 1f'],
  ['§4.2: a change of the table after a field', '82 20'],
  ['§6.2: a name without a value', '0001 61'],
] as const) {
  test(`RFC 7541 ${title}: no header block`, (t) => {
    t.deepEqual(readBlocks(hex), [undefined])
  })
}

test('RFC 7541 §4.3: a table of no size holds nothing', (t) => {
  const add = '4001 6101 62'
  t.deepEqual(readBlocks(add, 'be'), [['a: b'], ['a: b']])
  t.deepEqual(readBlocks(add, '20', 'be'), [['a: b'], [], undefined])
})

test('RFC 7541 §4.4: what is larger than the table empties it', (t) => {
  const long = `4001 61 7fe11f ${'78'.repeat(4_192)}`
  t.deepEqual(readBlocks('4001 6101 62', long, 'be')[2], undefined)
})
