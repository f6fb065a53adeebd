import { once } from 'node:events'
import { type ClientHttp2Session, connect, constants, type IncomingHttpHeaders } from 'node:http2'
import test, { type ExecutionContext } from 'ava'
import { listenGrpc } from '../../src/grpc/listen.ts'
import { createRecorder } from '../fixtures/recorder.ts'

const CHECK = '/envoy.service.auth.v3.Authorization/Check'
const WATCH = '/grpc.health.v1.Health/Watch'
/** A CheckRequest with an HTTP request in it, and nothing in that. */
const MESSAGE = [0, 0, 0, 0, 6, 10, 4, 34, 2, 18, 0]
/** A HealthCheckRequest for the empty service name. */
const NO_NAME = [0, 0, 0, 0, 0]

const listen = async (t: ExecutionContext) => {
  const { observer } = createRecorder()
  const listener = await listenGrpc(
    { grpc: '127.0.0.1:0' },
    {
      reads: () => new Set(),
      check: async () => ({ kind: 'ok', reason: 'public', route: 'all', headers: { set: [], remove: [] } }),
      outage: () => 'denied',
      observer,
      now: Date.now,
    },
  )
  const session = connect(`http://${listener.address}`)
  t.teardown(async () => {
    session.destroy()
    await listener.close(0)
  })
  return { listener, session }
}

/** What a client gets that writes these bytes, in these pieces: headers, bytes and trailers. */
const call = async (session: ClientHttp2Session, path: string, pieces: readonly (readonly number[])[]) => {
  const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc' })
  const answered = once(stream, 'response') as Promise<[IncomingHttpHeaders]>
  let trailers: IncomingHttpHeaders = {}
  stream.on('trailers', (headers) => {
    trailers = headers
  })
  for (const [index, piece] of pieces.entries()) {
    stream.write(Uint8Array.from(piece))
    if (index < pieces.length - 1) await new Promise((resolve) => setTimeout(resolve, 20))
  }
  stream.end()
  const [headers] = await answered
  const bytes = (await stream.toArray()) as Buffer[]
  return { status: headers[':status'], code: { ...headers, ...trailers }['grpc-status'], bytes: Buffer.concat(bytes) }
}

test('a message may come in pieces, its prefix too', async (t) => {
  const { session } = await listen(t)
  const whole = await call(session, CHECK, [MESSAGE])
  t.is(whole.code, '0')
  t.is(whole.bytes.readUInt32BE(1), whole.bytes.length - 5)
  t.deepEqual(await call(session, CHECK, [MESSAGE.slice(0, 3), MESSAGE.slice(3, 7), MESSAGE.slice(7)]), whole)
})

for (const [title, path, bytes, code] of [
  ['of an unknown method', '/envoy.service.auth.v3.Authorization/Other', MESSAGE, '12'],
  ['whose path is the name of an object’s own method', '/constructor', MESSAGE, '12'],
  ['with a compressed message', CHECK, [1, ...MESSAGE.slice(1)], '12'],
  ['with two messages', CHECK, [...MESSAGE, ...MESSAGE], '12'],
  ['with a message past 1 MiB', CHECK, [0, 0, 16, 0, 1], '8'],
  ['without a message', CHECK, [], '13'],
  ['whose message is cut short', CHECK, MESSAGE.slice(0, -1), '13'],
  ['whose prefix is cut short', CHECK, [0, 0], '13'],
  ['about the health of nobody', '/grpc.health.v1.Health/Check', [0, 0, 0, 0, 3, 10, 1, 120], '5'],
  ['about health, in no message', '/grpc.health.v1.Health/Check', [0, 0, 0, 0, 1, 10], '13'],
] as const) {
  test(`gRPC over HTTP/2: a call ${title} ends with ${code}, and the connection lives`, async (t) => {
    const { session } = await listen(t)
    const { status, code: answered, bytes: answer } = await call(session, path, [bytes])
    t.deepEqual([status, answered, answer.length], [200, code, 0])
    t.is((await call(session, CHECK, [MESSAGE])).code, '0')
  })
}

test('grpc.health.v1 Watch says each change, until the listener closes', async (t) => {
  const { listener, session } = await listen(t)
  const stream = session.request({ ':method': 'POST', ':path': WATCH, 'content-type': 'application/grpc' })
  stream.end(Uint8Array.from(NO_NAME))
  const says = async (): Promise<number | undefined> => ((await once(stream, 'data')) as [Buffer])[0].at(-1)
  t.is(await says(), 2)
  for (const [isServing, status] of [
    [true, 1],
    [false, 2],
  ] as const) {
    const said = says()
    listener.setServing(isServing)
    listener.setServing(isServing)
    t.is(await said, status)
  }
  const [trailers] = await Promise.all([once(stream, 'trailers'), listener.close(5_000)])
  t.is((trailers as [IncomingHttpHeaders])[0]['grpc-status'], '0')
})

test('whoever watches a service that is not there does not keep the listener open', async (t) => {
  const { listener, session } = await listen(t)
  const stream = session.request({ ':method': 'POST', ':path': WATCH, 'content-type': 'application/grpc' })
  stream.end(Uint8Array.from([0, 0, 0, 0, 3, 10, 1, 120]))
  t.is(((await once(stream, 'data')) as [Buffer])[0].at(-1), 3)
  const start = performance.now()
  await listener.close(60_000)
  t.true(performance.now() - start < 30_000)
})

test('RFC 9113 §6.8: a call that is on its way when the listener closes is answered; a watch ends with its first word', async (t) => {
  const { listener, session } = await listen(t)
  await call(session, CHECK, [MESSAGE])
  const checked = call(session, CHECK, [MESSAGE])
  const watched = call(session, WATCH, [NO_NAME])
  const closed = listener.close(60_000)
  t.is((await checked).code, '0')
  t.deepEqual(await watched, { status: 200, code: '0', bytes: Buffer.from([0, 0, 0, 0, 2, 8, 2]) })
  await closed
})

test('CVE-2023-44487: clients of Envoy who go away end no connection that others use', async (t) => {
  const { session } = await listen(t)
  for (let round = 0; round < 20; round += 1) {
    const streams = Array.from({ length: 200 }, () => session.request({ ':method': 'POST', ':path': CHECK }))
    for (const stream of streams) {
      stream.on('error', () => {})
      stream.close(constants.NGHTTP2_CANCEL)
    }
    await Promise.all(streams.map((stream) => once(stream, 'close')))
  }
  t.false(session.destroyed)
  t.is((await call(session, CHECK, [MESSAGE])).code, '0')
})
