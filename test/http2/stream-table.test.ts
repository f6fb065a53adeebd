import test from 'ava'
import type { Stream } from '../../src/http2/stream.ts'
import { createStreamTable } from '../../src/http2/stream-table.ts'

const toStream = (id: number): Stream => ({ id, next: undefined }) as Stream

const toIds = (streams: Iterable<Stream>): number[] => Array.from(streams, ({ id }) => id).sort((a, b) => a - b)

/** More than there are places, so that some stand in one. */
const IDS = Array.from({ length: 3_000 }, (_, index) => 1 + 2 * index)

test('streams are found by their numbers, also those that fall into one place', (t) => {
  const table = createStreamTable()
  const streams = [...IDS, 2 ** 31 - 1].map(toStream)
  for (const stream of streams) table.add(stream)
  for (const stream of streams) t.is(table.get(stream.id), stream)
  t.is(table.get(6_001), undefined)
  t.is(table.size(), 3_001)
  t.deepEqual(toIds(table.all()), toIds(streams))
})

for (const [title, toOrder] of [
  ['first in', (streams: Stream[]) => streams],
  ['last in', (streams: Stream[]) => streams.toReversed()],
  ['from the middle', (streams: Stream[]) => [...streams.slice(1_000, 2_000), ...streams]],
] as const) {
  test(`a stream that is removed takes no other with it, and is counted once: ${title}`, (t) => {
    const table = createStreamTable()
    const streams = IDS.map(toStream)
    for (const stream of streams) table.add(stream)
    const left = new Set(streams)
    for (const [index, stream] of toOrder(streams).entries()) {
      table.remove(stream)
      left.delete(stream)
      t.is(table.size(), left.size)
      if (index % 500 === 0) t.deepEqual(toIds(table.all()), toIds(left))
    }
    t.is(table.size(), 0)
    t.true(streams.every(({ next }) => next === undefined))
  })
}

test('CVE-2011-4815: no numbers that a client may pick fall into one place', (t) => {
  for (const step of [2, 2_048, 2_048 * 7, 2 ** 17]) {
    const table = createStreamTable()
    const streams = Array.from({ length: 10_000 }, (_, index) => toStream(1 + step * index))
    for (const stream of streams) table.add(stream)
    // Ten in each place, if all places had as many.
    const toLength = (stream: Stream | undefined): number => (stream ? 1 + toLength(stream.next) : 0)
    t.true(Math.max(...streams.map(toLength)) < 100, `${step}`)
  }
})
