import { once } from 'node:events'
import { connect as connectHttp2, type IncomingHttpHeaders } from 'node:http2'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import { createToAnswer } from '../../src/http2/answer.ts'
import { type Connection, serveConnection } from '../../src/http2/connection.ts'
import { ErrorCode, Flag, FrameType, readLength, readStreamId } from '../../src/http2/frame.ts'
import { toHeaderBlock } from '../../src/http2/header-block.ts'
import type { Stream } from '../../src/http2/stream.ts'
import { eventually } from '../fixtures/eventually.ts'

const toAnswer = createToAnswer(toHeaderBlock([[':status', '200']]), toHeaderBlock([['x-end', 'yes']]))
const ANSWER = toAnswer('hello, world'.length, (bytes, at) => bytes.write('hello, world', at))
const MAX_BODY_BYTES = 100_000

interface Seen {
  readonly type: number
  readonly flags: number
  readonly streamId: number
  readonly payload: Buffer
}

const frame = (type: number, flags: number, streamId: number, payload: Uint8Array = new Uint8Array()): Buffer => {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(streamId, 5)
  return Buffer.concat([head, payload])
}
const number = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
const setting = (name: number, value: number): Buffer =>
  frame(FrameType.SETTINGS, 0, 0, Buffer.concat([Buffer.from([0, name]), number(value)]))
const HELLO = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(FrameType.SETTINGS, 0, 0)])
const HEAD = toHeaderBlock([
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', '/'],
])
const GET_BOTH = Flag.END_HEADERS | Flag.END_STREAM
const request = (streamId: number): Buffer => frame(FrameType.HEADERS, GET_BOTH, streamId, HEAD)

/** A server that answers each request at once, or keeps it where the test says so. */
const listen = async (t: ExecutionContext, onRequest = (stream: Stream) => stream.outflow.answer(stream, ANSWER)) => {
  const connections: Connection[] = []
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    connections.push(serveConnection(socket, { maxBodyBytes: MAX_BODY_BYTES, onRequest }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, connections, sockets }
}

/** A client that writes bytes, and reads frames. */
const dial = async (t: ExecutionContext, port: number) => {
  const socket = connect(port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  let rest: Buffer = Buffer.alloc(0)
  const seen: Seen[] = []
  socket.on('error', () => {})
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= 9 && rest.length >= 9 + readLength(rest, 0)) {
      const end = 9 + readLength(rest, 0)
      const [type = 0, flags = 0] = rest.subarray(3, 5)
      seen.push({ type, flags, streamId: readStreamId(rest, 0), payload: rest.subarray(9, end) })
      rest = rest.subarray(end)
    }
  })
  await once(socket, 'connect')
  return {
    socket,
    seen,
    write: (...parts: readonly Buffer[]) => socket.write(Buffer.concat(parts)),
    /** Resolves to the first frame for which `is` holds. */
    sees: async (is: (frame: Seen) => boolean): Promise<Seen | undefined> => {
      await eventually(() => seen.some(is))
      return seen.find(is)
    },
  }
}

const isOf =
  (type: number, streamId?: number) =>
  (one: Seen): boolean =>
    one.type === type && (streamId === undefined || one.streamId === streamId)
const isTrailers = (streamId: number) => (one: Seen) =>
  isOf(FrameType.HEADERS, streamId)(one) && (one.flags & Flag.END_STREAM) !== 0

for (const [title, code, ...frames] of [
  ['§3.4: something other than the preface', ErrorCode.PROTOCOL_ERROR, Buffer.from('GET / HTTP/1.1\r\n\r\n0123456789')],
  ['§3.4: no settings', ErrorCode.PROTOCOL_ERROR, HELLO.subarray(0, 24), request(1)],
  ['§4.2: a frame that is too long', ErrorCode.FRAME_SIZE_ERROR, HELLO, frame(0, 0, 1, Buffer.alloc(16_385))],
  ['§4.3: no header block', ErrorCode.COMPRESSION_ERROR, HELLO, frame(1, GET_BOTH, 1, Buffer.from([0x80]))],
  ['§5.1.1: a stream of ours', ErrorCode.PROTOCOL_ERROR, HELLO, request(2)],
  ['§5.1.1: an earlier stream', ErrorCode.PROTOCOL_ERROR, HELLO, request(5), request(3)],
  ['§5.1: the same stream again', ErrorCode.STREAM_CLOSED, HELLO, request(1), request(1)],
  ['§6.1: data of no stream yet', ErrorCode.PROTOCOL_ERROR, HELLO, frame(0, 0, 1)],
  [
    '§6.1: more padding than payload',
    ErrorCode.PROTOCOL_ERROR,
    HELLO,
    frame(1, 4, 1, HEAD),
    frame(0, 8, 1, Buffer.from([9])),
  ],
  ['§6.5.2: a window past 2³¹−1', ErrorCode.FLOW_CONTROL_ERROR, HELLO, setting(4, 2 ** 31)],
  ['§6.9.1: windows past 2³¹−1', ErrorCode.FLOW_CONTROL_ERROR, HELLO, frame(8, 0, 0, number(2 ** 31 - 1))],
  ['§6.9: a window that grows by nothing', ErrorCode.PROTOCOL_ERROR, HELLO, frame(8, 0, 0, number(0))],
  [
    '§6.10: something between the parts of a block',
    ErrorCode.PROTOCOL_ERROR,
    HELLO,
    frame(1, 1, 1, HEAD),
    frame(6, 0, 0, Buffer.alloc(8)),
  ],
  [
    'CVE-2024-27316: parts without end, empty ones too',
    ErrorCode.ENHANCE_YOUR_CALM,
    HELLO,
    frame(1, 1, 1, HEAD),
    ...Array.from({ length: 7_300 }, () => frame(9, 0, 1)),
  ],
] as const) {
  test(`RFC 9113 ${title}: the connection ends and says why`, async (t) => {
    const { port } = await listen(t)
    const { socket, write, sees } = await dial(t, port)
    write(...frames)
    const goaway = await sees(isOf(FrameType.GOAWAY))
    t.is(goaway?.payload.readUInt32BE(4), code)
    t.true(await eventually(() => socket.destroyed || socket.readableEnded))
  })
}

for (const [title, code, ...frames] of [
  [
    '§8.3.1: no path',
    ErrorCode.PROTOCOL_ERROR,
    frame(
      1,
      GET_BOTH,
      1,
      toHeaderBlock([
        [':method', 'GET'],
        [':scheme', 'http'],
      ]),
    ),
  ],
  [
    '§8.2.1: a capital letter in a name',
    ErrorCode.PROTOCOL_ERROR,
    frame(1, GET_BOTH, 1, Buffer.concat([HEAD, toHeaderBlock([['X', 'y']])])),
  ],
  [
    '§8.2.1: a line break in a value',
    ErrorCode.PROTOCOL_ERROR,
    frame(1, GET_BOTH, 1, Buffer.concat([HEAD, toHeaderBlock([['x', 'a\r\nb']])])),
  ],
  [
    '§8.2.2: a field of the connection',
    ErrorCode.PROTOCOL_ERROR,
    frame(1, GET_BOTH, 1, Buffer.concat([HEAD, toHeaderBlock([['connection', 'close']])])),
  ],
  [
    '§8.1.1: a length that is not the body’s',
    ErrorCode.PROTOCOL_ERROR,
    frame(1, GET_BOTH, 1, Buffer.concat([HEAD, toHeaderBlock([['content-length', '3']])])),
  ],
  ['§5.1: data after the end', ErrorCode.STREAM_CLOSED, request(1), frame(0, 0, 1, Buffer.from('x'))],
  [
    '§6.9.1: a stream’s window past 2³¹−1',
    ErrorCode.FLOW_CONTROL_ERROR,
    frame(1, 4, 1, HEAD),
    frame(8, 0, 1, number(2 ** 31 - 1)),
  ],
] as const) {
  test(`RFC 9113 ${title}: the stream ends, and the next one is answered`, async (t) => {
    const { port } = await listen(t)
    const { write, sees } = await dial(t, port)
    write(HELLO, ...frames, request(3))
    t.is((await sees(isOf(FrameType.RST_STREAM, 1)))?.payload.readUInt32BE(), code)
    t.truthy(await sees(isTrailers(3)))
  })
}

test('RFC 9113 §6.9: an answer waits for the client’s windows, byte by byte', async (t) => {
  const { port } = await listen(t)
  const { write, sees, seen } = await dial(t, port)
  write(HELLO, setting(4, 0), request(1))
  t.truthy(await sees(isOf(FrameType.HEADERS, 1)))
  write(setting(4, 1))
  t.is((await sees(isOf(FrameType.DATA, 1)))?.payload.toString(), 'h')
  write(frame(8, 0, 1, number(20)))
  t.truthy(await sees(isTrailers(1)))
  t.is(Buffer.concat(seen.filter(isOf(FrameType.DATA, 1)).map(({ payload }) => payload)).toString(), 'hello, world')
})

test('a body comes in any pieces, and whole; one past the limit is handed over with more than that', async (t) => {
  const lengths: number[] = []
  const { port } = await listen(t, (stream) => {
    lengths.push(stream.body.length)
    stream.outflow.answer(stream, ANSWER)
  })
  const { write, sees } = await dial(t, port)
  const bytes = (streamId: number, count: number, size: number) =>
    Array.from({ length: count }, () => frame(0, 0, streamId, Buffer.alloc(size)))
  write(HELLO, frame(1, 4, 1, HEAD), ...bytes(1, 3_000, 1), frame(0, 1, 1))
  t.truthy(await sees(isTrailers(1)))
  write(frame(1, 4, 3, HEAD), ...bytes(3, 7, 16_000))
  // RFC 9113 §8.1: the rest need not be sent.
  t.is((await sees(isOf(FrameType.RST_STREAM, 3)))?.payload.readUInt32BE(), ErrorCode.NO_ERROR)
  t.deepEqual(lengths, [3_000, 112_000])
})

test('CVE-2023-44487: a stream that was reset counts until whoever has it ends it', async (t) => {
  const held: Stream[] = []
  const { port } = await listen(t, (stream) => void held.push(stream))
  const { write, sees } = await dial(t, port)
  const resets = (first: number, count: number) =>
    Array.from({ length: count }, (_, index) => {
      const streamId = first + 2 * index
      return Buffer.concat([request(streamId), frame(3, 0, streamId, number(8))])
    })
  write(HELLO, ...resets(1, 10_000), request(20_001))
  t.is((await sees(isOf(FrameType.RST_STREAM, 20_001)))?.payload.readUInt32BE(), ErrorCode.REFUSED_STREAM)
  t.is(held.length, 10_000)
  for (const stream of held.splice(0)) stream.outflow.answer(stream, ANSWER)
  write(request(20_003))
  t.true(await eventually(() => held.length === 1))
  held[0]?.outflow.answer(held[0], ANSWER)
  t.truthy(await sees(isTrailers(20_003)))
})

test('CVE-2019-9512: a client that asks and reads nothing is not read any more', async (t) => {
  const { port, sockets } = await listen(t)
  const { socket, write } = await dial(t, port)
  socket.pause()
  write(HELLO)
  const pings = Buffer.concat(Array.from({ length: 1_000 }, (_, index) => frame(6, 0, 0, Buffer.alloc(8, index))))
  for (let round = 0; round < 1_000; round += 1) socket.write(pings)
  t.true(await eventually(() => sockets[0]?.isPaused() ?? false))
  t.true((sockets[0]?.writableLength ?? 0) < 1_000_000)
  socket.resume()
  t.true(await eventually(() => !sockets[0]?.isPaused() && socket.writableLength === 0, 30_000))
})

test('RFC 9113 §6.8: a connection that closes answers what is on its way, and ends', async (t) => {
  const held: Stream[] = []
  const { port, connections } = await listen(t, (stream) => void held.push(stream))
  const { write, sees, seen, socket } = await dial(t, port)
  write(HELLO, request(1))
  t.true(await eventually(() => held.length === 1))
  connections[0]?.close()
  const ping = await sees(isOf(FrameType.PING))
  t.is(seen.find(isOf(FrameType.GOAWAY))?.payload.readUInt32BE(0), 2 ** 31 - 1)
  write(request(3), frame(6, 1, 0, ping?.payload), request(5))
  t.is((await sees(isOf(FrameType.RST_STREAM, 5)))?.payload.readUInt32BE(), ErrorCode.REFUSED_STREAM)
  t.is(seen.findLast(isOf(FrameType.GOAWAY))?.payload.readUInt32BE(0), 3)
  for (const stream of held) stream.outflow.answer(stream, ANSWER)
  t.truthy(await sees(isTrailers(1)))
  t.truthy(await sees(isTrailers(3)))
  t.true(await eventually(() => socket.destroyed || socket.readableEnded))
})

test('a client that goes tells whoever has its request', async (t) => {
  let resets = 0
  const { port } = await listen(t, (stream) => {
    stream.onReset = () => {
      resets += 1
    }
  })
  const { write, socket } = await dial(t, port)
  write(HELLO, request(1), request(3), frame(3, 0, 1, number(8)))
  t.true(await eventually(() => resets === 1))
  socket.destroy()
  t.true(await eventually(() => resets === 2))
})

test('hostile bytes end in an answer or in the end of the connection, and hurt no other', async (t) => {
  const { port } = await listen(t)
  const anyFrame = fc
    .tuple(fc.nat({ max: 11 }), fc.nat({ max: 255 }), fc.nat({ max: 7 }), fc.uint8Array({ maxLength: 40 }))
    .map((parts) => frame(...parts))
  const bytes = fc.oneof(
    anyFrame,
    fc.constantFrom(request(1), request(3)),
    fc.uint8Array({ maxLength: 30 }).map(Buffer.from),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(bytes, { maxLength: 12 }), async (parts) => {
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => {}).resume()
      await once(socket, 'connect')
      socket.write(Buffer.concat([HELLO, ...parts]))
      socket.end()
      if (!socket.closed) await once(socket, 'close')
    }),
    { numRuns: 400 },
  )
  const { write, sees } = await dial(t, port)
  write(HELLO, request(1))
  t.truthy(await sees(isTrailers(1)))
})

test('Node’s own client is understood, whatever fields it sends', async (t) => {
  const seen: string[] = []
  const { port } = await listen(t, (stream) => {
    seen.push(`${stream.head.path} ${stream.head.timeout} ${stream.body.length}`)
    stream.outflow.answer(stream, ANSWER)
  })
  const session = connectHttp2(`http://127.0.0.1:${port}`)
  t.teardown(() => session.destroy())
  const text = fc.stringMatching(/^[!-~](?:[ -~]{0,60}[!-~])?$/)
  const path = fc.stringMatching(/^\/[!-"$-~]{0,60}$/)
  const fields = fc.dictionary(fc.stringMatching(/^x-[a-z0-9]{1,20}$/), text, { maxKeys: 20 })
  await fc.assert(
    fc.asyncProperty(path, text, fields, fc.nat({ max: 40_000 }), async (target, timeout, others, size) => {
      const stream = session.request({ ':method': 'POST', ':path': target, 'grpc-timeout': timeout, ...others })
      const trailed = once(stream, 'trailers') as Promise<[IncomingHttpHeaders]>
      stream.end(Buffer.alloc(size)).resume()
      t.is((await trailed)[0]['x-end'], 'yes')
      t.is(seen.at(-1), `${target} ${timeout} ${size}`)
    }),
    { numRuns: 200 },
  )
})
