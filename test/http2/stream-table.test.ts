import test from 'ava'
import type { Stream } from '../../src/http2/stream.ts'
import { createStreamTable } from '../../src/http2/stream-table.ts'

const toStream = (id: number): Stream => ({ id, next: undefined }) as Stream

const toIds = (streams: Iterable<Stream>): number[] => Array.from(streams, ({ id }) => id).sort((a, b) => a - b)

test('streams are found by their numbers, also those that fall into one place', (t) => {
  const table = createStreamTable()
  const streams = [1, 3, 2_049, 4_097, 1 + 2 ** 30].map(toStream)
  for (const stream of streams) table.add(stream)
  for (const stream of streams) t.is(table.get(stream.id), stream)
  t.is(table.get(5), undefined)
  t.is(table.get(6_145), undefined)
  t.is(table.size(), 5)
  t.deepEqual(toIds(table.all()), toIds(streams))
})

for (const [title, order] of [
  ['first in', [0, 1, 2]],
  ['last in', [2, 1, 0]],
  ['from the middle', [1, 0, 2]],
] as const) {
  test(`a stream that is removed takes no other with it: ${title}`, (t) => {
    const table = createStreamTable()
    const streams = [1, 2_049, 4_097].map(toStream)
    for (const stream of streams) table.add(stream)
    const left = new Set(streams)
    for (const index of order) {
      const stream = streams[index] as Stream
      table.remove(stream)
      left.delete(stream)
      t.is(table.get(stream.id), undefined)
      t.is(stream.next, undefined)
      t.deepEqual(toIds(table.all()), toIds(left))
      t.is(table.size(), left.size)
    }
  })
}

test('a stream that is removed twice is counted once', (t) => {
  const table = createStreamTable()
  const [one, other] = [toStream(1), toStream(2_049)]
  table.add(one)
  table.add(other)
  table.remove(one)
  table.remove(one)
  t.is(table.size(), 1)
  t.deepEqual(toIds(table.all()), [2_049])
})
