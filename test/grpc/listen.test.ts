import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { type ChannelCredentials, Client, credentials, Metadata } from '@grpc/grpc-js'
import test, { type ExecutionContext } from 'ava'
import { service as healthService } from 'grpc-health-check'
import type { Check } from '../../src/core/check.ts'
import { READ_HEADERS } from '../../src/core/request.ts'
import { type GrpcListener, listenGrpc } from '../../src/grpc/listen.ts'
import { createAuthority, writeCertificate } from '../fixtures/certificates.ts'
import { eventually } from '../fixtures/eventually.ts'
import { makeFolder } from '../fixtures/folder.ts'
import { createRecorder, type Recorder } from '../fixtures/recorder.ts'
import type { CheckRequest } from '../generated/envoy/service/auth/v3/CheckRequest.ts'
import type { CheckResponse__Output } from '../generated/envoy/service/auth/v3/CheckResponse.ts'
import { checkMethod } from '../vectors/check-method.ts'

const letThrough: Check = async () => ({
  kind: 'ok',
  reason: 'public',
  route: 'all',
  headers: { set: [], remove: [] },
})

const REQUEST: CheckRequest = {
  attributes: { request: { http: { method: 'GET', host: 'a', path: '/', headers: {} } } },
}

interface Listening {
  readonly listener: GrpcListener
  readonly recorder: Recorder
  readonly ask: (request?: CheckRequest, credentials?: ChannelCredentials) => Promise<CheckResponse__Output>
  readonly health: () => Promise<string>
}

const listen = async (
  t: ExecutionContext,
  check: Check = letThrough,
  settings: Partial<Parameters<typeof listenGrpc>[0]> = {},
): Promise<Listening> => {
  const recorder = createRecorder()
  const listener = await listenGrpc(
    { grpc: '127.0.0.1:0', ...settings },
    { check, reads: () => new Set(READ_HEADERS), outage: () => 'denied', observer: recorder.observer, now: Date.now },
  )
  t.teardown(() => listener.close(0))
  const call = <Q, A>(
    method: { path: string; requestSerialize: (q: Q) => Buffer; responseDeserialize: (b: Buffer) => A },
    question: Q,
    channel: ChannelCredentials = credentials.createInsecure(),
  ): Promise<A> => {
    const client = new Client(listener.address, channel, {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.ssl_target_name_override': 'gate.test',
      'grpc.default_authority': 'gate.test',
    })
    return new Promise<A>((resolve, reject) => {
      client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        question,
        new Metadata(),
        { deadline: Date.now() + 5_000 },
        (error, answer) => (answer === undefined ? reject(error) : resolve(answer)),
      )
    }).finally(() => client.close())
  }
  return {
    listener,
    recorder,
    ask: (request = REQUEST, channel) => call(checkMethod as never, request, channel) as Promise<CheckResponse__Output>,
    health: async () => {
      const answer = await call(healthService['Check'] as never, { service: '' })
      return (answer as unknown as { readonly status: string }).status
    },
  }
}

test('an exception in the decision becomes an error verdict, never a gRPC error, and is counted', async (t) => {
  const bug = new Error('a bug')
  const { ask, recorder } = await listen(t, () => Promise.reject(bug))
  const answer = await ask()
  t.is(answer.status?.code, 14)
  t.is(answer.denied_response?.status?.code, 503)
  t.deepEqual(recorder.faults, [bug])
  t.deepEqual(recorder.decisions, ['error internal_fault'])
})

test('an exception that is thrown at once becomes an error verdict too', async (t) => {
  const { ask, recorder } = await listen(t, () => {
    throw new Error('at once')
  })
  t.is((await ask()).status?.code, 14)
  t.is(recorder.faults.length, 1)
})

for (const [title, request] of [
  ['attributes', {}],
  ['a request', { attributes: {} }],
  ['an HTTP request', { attributes: { request: {} } }],
] as const) {
  test(`a Check without ${title} is denied`, async (t) => {
    const answer = await (await listen(t)).ask(request)
    t.is(answer.status?.code, 7)
    t.is(answer.denied_response?.status?.code, 403)
  })
}

test('bytes that are no message are denied, without a gRPC error and without a fault', async (t) => {
  const { listener, recorder } = await listen(t)
  const client = new Client(listener.address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 })
  t.teardown(() => client.close())
  const answer = await new Promise<CheckResponse__Output>((resolve, reject) => {
    const send = (): Buffer => Buffer.from([10, 200, 1])
    client.makeUnaryRequest(checkMethod.path, send, checkMethod.responseDeserialize, {}, (error, value) =>
      value ? resolve(value) : reject(error),
    )
  })
  t.is(answer.status?.code, 7)
  t.deepEqual(recorder.decisions, ['denied malformed_request'])
  t.deepEqual(recorder.faults, [])
})

test('the caller’s deadline reaches the decision', async (t) => {
  let deadline: number | undefined
  const { ask } = await listen(t, async (request) => {
    deadline = request.deadline
    return letThrough(request)
  })
  await ask()
  t.true(deadline !== undefined && deadline > Date.now() && deadline <= Date.now() + 5_000)
})

test('grpc.health.v1 says NOT_SERVING until told otherwise, and again when told', async (t) => {
  const { listener, health } = await listen(t)
  t.is(await health(), 'NOT_SERVING')
  listener.setServing(true)
  t.is(await health(), 'SERVING')
  listener.setServing(false)
  t.is(await health(), 'NOT_SERVING')
})

test('a message past 1 MiB is an outage to the caller, and the next one is answered', async (t) => {
  const { ask } = await listen(t)
  const headers = { x: 'x'.repeat(1_100_000) }
  await t.throwsAsync(ask({ attributes: { request: { http: { headers } } } }), { message: /larger than max/ })
  t.is((await ask()).status?.code, 0)
})

test('a unix socket is listened on, also when a dead process left one behind', async (t) => {
  const path = join(makeFolder(t), 'gate.sock')
  const grpc = `unix:${path}`
  const first = await listen(t, letThrough, { grpc })
  t.is(first.listener.address, grpc)
  t.is((await first.ask()).status?.code, 0)
  await t.throwsAsync(listen(t, letThrough, { grpc }), { message: /EADDRINUSE/ })
  await first.listener.close(0)
  t.false(existsSync(path))

  await leaveSocketBehind(path)
  t.true(existsSync(path))
  t.is((await (await listen(t, letThrough, { grpc })).ask()).status?.code, 0)
})

/** A socket file that nobody listens on, as a killed process leaves it. */
const leaveSocketBehind = async (path: string): Promise<void> => {
  const { execFileSync } = await import('node:child_process')
  const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
  try {
    execFileSync(process.execPath, ['-e', script], { stdio: 'ignore' })
  } catch {
    // It was killed, as intended.
  }
}

test('an address that is taken is told at once', async (t) => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const bound = server.address()
  const port = typeof bound === 'object' && bound ? bound.port : 0
  await t.throwsAsync(listen(t, letThrough, { grpc: `127.0.0.1:${port}` }), { message: /EADDRINUSE/ })
})

/** A decision that says when it was asked, and ends when it is told to. */
const createHeldCheck = () => {
  const asked = Promise.withResolvers<void>()
  const finish = Promise.withResolvers<void>()
  const check: Check = async (request) => {
    asked.resolve()
    await finish.promise
    return letThrough(request)
  }
  return { check, asked: asked.promise, finish: finish.resolve }
}

test('open calls end before the listener closes', async (t) => {
  const { check, asked, finish } = createHeldCheck()
  const { listener, ask } = await listen(t, check)
  const answer = ask()
  await asked
  const closed = listener.close(5_000)
  finish()
  t.is((await answer).status?.code, 0)
  await closed
})

test('calls that outlast the time to close are cut', async (t) => {
  const { check, asked } = createHeldCheck()
  const { listener, ask } = await listen(t, check)
  const answer = ask()
  await asked
  await Promise.all([listener.close(50), t.throwsAsync(answer, { message: /UNAVAILABLE|INTERNAL/ })])
})

test('TLS: a client that trusts the authority is answered, plain text is not', async (t) => {
  const authority = await createAuthority('gate')
  const tls = writeCertificate(makeFolder(t), await authority.issue('gate'))
  const { ask } = await listen(t, letThrough, { tls })
  t.is((await ask(REQUEST, credentials.createSsl(Buffer.from(authority.certificate)))).status?.code, 0)
  await t.throwsAsync(ask())
})

test('mutual TLS: a client without certificate, or with a stranger’s, gets no answer', async (t) => {
  const folder = makeFolder(t)
  const authority = await createAuthority('gate')
  const clients = await createAuthority('proxies')
  const strangers = await createAuthority('proxies')
  const clientCaFile = join(folder, 'ca.crt')
  writeFileSync(clientCaFile, clients.certificate)
  const tls = { ...writeCertificate(folder, await authority.issue('gate')), clientCaFile }
  const { ask } = await listen(t, letThrough, { tls })
  const root = Buffer.from(authority.certificate)
  const withCertificate = ({ key, certificate }: { key: string; certificate: string }) =>
    credentials.createSsl(root, Buffer.from(key), Buffer.from(certificate))

  t.is((await ask(REQUEST, withCertificate(await clients.issue('envoy')))).status?.code, 0)
  await t.throwsAsync(ask(REQUEST, credentials.createSsl(root)))
  await t.throwsAsync(ask(REQUEST, withCertificate(await strangers.issue('envoy'))))
  await t.throwsAsync(ask(REQUEST, withCertificate(await authority.issue('gate'))))
})

test('TLS files are read again when they change; a key that does not fit changes nothing', async (t) => {
  const folder = makeFolder(t)
  const before = await createAuthority('before')
  const after = await createAuthority('after')
  const tls = writeCertificate(folder, await before.issue('gate'))
  const { ask, recorder } = await listen(t, letThrough, { tls })
  const isTrustedBy = (root: string): Promise<boolean> =>
    ask(REQUEST, credentials.createSsl(Buffer.from(root))).then(
      () => true,
      () => false,
    )
  t.true(await isTrustedBy(before.certificate))

  writeFileSync(tls.keyFile, (await after.issue('gate')).key)
  t.true(await eventually(() => recorder.reloads.length === 1))
  t.regex(recorder.reloads[0] ?? '', /^tls .*: .*key/)
  t.true(await isTrustedBy(before.certificate))

  writeCertificate(folder, await after.issue('gate'))
  t.true(await eventually(() => recorder.reloads.at(-1)?.endsWith(': ok') ?? false))
  t.true(await isTrustedBy(after.certificate))
  t.false(await isTrustedBy(before.certificate))
})

test('TLS: a connection whose handshake never ends keeps the listener open for seconds, not for minutes', async (t) => {
  const authority = await createAuthority('gate')
  const { listener } = await listen(t, letThrough, {
    tls: writeCertificate(makeFolder(t), await authority.issue('gate')),
  })
  const socket = connect(Number(listener.address.split(':')[1]), '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  const cut = once(socket, 'close')
  await listener.close(50)
  await cut
  t.true(socket.destroyed)
})

test('TLS files that are bad at the start are refused', async (t) => {
  const folder = makeFolder(t)
  const authority = await createAuthority('gate')
  const files = writeCertificate(folder, await authority.issue('gate'))
  writeFileSync(files.keyFile, 'no key')
  await t.throwsAsync(listen(t, letThrough, { tls: files }))
})
