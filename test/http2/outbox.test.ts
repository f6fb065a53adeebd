import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import test from 'ava'
import { createOutbox } from '../../src/http2/outbox.ts'
import { eventually } from '../fixtures/eventually.ts'

test('what waits to be sent does not change, though memory is used again', async (t) => {
  const sent: string[] = []
  const socket = new Duplex({
    highWaterMark: 65_536,
    read() {},
    async write(chunk, _, done) {
      await nextTurn()
      sent.push(String(chunk))
      done()
    },
  })
  const outbox = createOutbox(socket as Socket)
  const long = 'x'.repeat(10_000)
  for (const text of ['one', 'another', long, 'two']) {
    outbox.add(Buffer.from(text))
    outbox.flush()
  }
  t.true(await eventually(() => sent.length === 4))
  t.deepEqual(sent, ['one', 'another', long, 'two'])
})
