import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { DoorConfig } from '../../src/config/door-schema.ts'
import type { Check } from '../../src/core/check.ts'
import type { RequestView } from '../../src/core/request.ts'
import { failed, refused } from '../../src/core/verdict.ts'
import { openDoors } from '../../src/http/door.ts'
import { listenHttp } from '../../src/http/listen.ts'
import { makeFolder } from '../fixtures/folder.ts'
import { createRecorder, type Recorder } from '../fixtures/recorder.ts'
import { type RawRequest, type RawResponse, sendRaw } from './send-raw.ts'

const door = (kind: DoorConfig['kind'], trustedProxies: string[] | undefined = ['127.0.0.1']): DoorConfig => ({
  kind,
  path: `/${kind}`,
  timeout: 1_000,
  ...(kind !== 'envoy' && { trustedProxies }),
})

const ALL = (['envoy', 'nginx', 'traefik', 'caddy'] as const).map((kind) => door(kind))

interface Listening {
  readonly recorder: Recorder
  readonly asked: RequestView[]
  readonly address: string
  readonly ask: (request: Partial<RawRequest>) => Promise<RawResponse>
}

const NOW = 1_900_000_000_000

const LETS_THROUGH: Check = async () => ({
  kind: 'ok',
  reason: 'verified',
  route: 'all',
  headers: { set: [['x-auth-request-user', 'ci']], remove: ['authorization', 'x-auth-request-email'] },
})

const listen = async (
  t: ExecutionContext,
  { check = LETS_THROUGH, doors = ALL, address = '127.0.0.1:0' } = {},
): Promise<Listening> => {
  const recorder = createRecorder()
  const asked: RequestView[] = []
  const listener = await listenHttp(address, undefined, {
    check: async (request) => {
      asked.push(request)
      return check(request)
    },
    findDoor: openDoors(doors, address.startsWith('unix:')),
    credentialHeaders: () => ['authorization', 'x-api-key', 'cookie'],
    takenHeaders: () =>
      new Set(['authorization', 'x-api-key', 'cookie', 'x-auth-request-user', 'x-auth-request-email']),
    observer: recorder.observer,
    now: () => NOW,
  })
  t.teardown(() => listener.close(0))
  return {
    recorder,
    asked,
    address: listener.address,
    ask: (request) =>
      sendRaw(listener.address, { method: 'GET', target: '/envoy/', lines: [['Host', 'a.test']], ...request }),
  }
}

const nginx = (url: string, method = 'GET'): RawRequest => ({
  method: 'GET',
  target: '/nginx',
  lines: [
    ['X-Original-URL', url],
    ['X-Original-Method', method],
  ],
})
const forwarded = (uri: string, { host = 'a.test', method = 'GET', kind = 'traefik' } = {}): RawRequest => ({
  method: 'GET',
  target: `/${kind}`,
  lines: [
    ['X-Forwarded-Method', method],
    ['X-Forwarded-Host', host],
    ['X-Forwarded-Uri', uri],
  ],
})

/** Method, host and path of what was judged. */
const seen = ({ asked }: Listening) => asked.map(({ method, host, path }) => `${method} ${host} ${path}`)

test('each door takes the original request from its own place', async (t) => {
  const gate = await listen(t)
  await gate.ask({ method: 'PUT', target: '/envoy//x/../y?z=/envoy', lines: [['Host', 'A.test:80']] })
  await gate.ask(nginx('https://a.test:8443//x/../y?z=%2f', 'PUT'))
  await gate.ask(forwarded('//x/../y?z=%2f', { method: 'PUT', host: 'A.test:80' }))
  await gate.ask(forwarded('*', { method: 'OPTIONS', kind: 'caddy' }))
  t.deepEqual(seen(gate), [
    'PUT A.test:80 //x/../y?z=/envoy',
    'PUT a.test:8443 //x/../y?z=%2f',
    'PUT A.test:80 //x/../y?z=%2f',
    'OPTIONS a.test *',
  ])
})

test('GHSA-7x63-xv5r-3p2x: no door reads a header of another kind of proxy', async (t) => {
  const gate = await listen(t)
  const forged: RawRequest['lines'] = [
    ...nginx('https://forged.test/open').lines,
    ...forwarded('/open', { host: 'forged.test' }).lines,
    ['X-Original-URI', '/open'],
    ['X-Rewrite-URL', '/open'],
    ['X-Envoy-Original-Path', '/open'],
    ['X-HTTP-Method-Override', 'OPTIONS'],
    ['Forwarded', 'host=forged.test'],
  ]
  await gate.ask({ target: '/envoy/secret', lines: [['Host', 'a.test'], ...forged] })
  await gate.ask({ target: '/nginx', lines: [...nginx('https://a.test/secret').lines, ...forged.slice(2)] })
  await gate.ask({
    target: '/traefik',
    lines: [...forwarded('/secret').lines, ...forged.slice(0, 2), ...forged.slice(5)],
  })
  t.deepEqual(seen(gate), ['GET a.test /secret', 'GET a.test /secret', 'GET a.test /secret'])
})

for (const [title, request] of [
  [
    'X-Original-URL twice',
    { ...nginx('http://a/x'), lines: [...nginx('http://a/x').lines, ['x-original-url', 'http://a/y']] },
  ],
  [
    'X-Original-Method twice',
    { ...nginx('http://a/x'), lines: [...nginx('http://a/x').lines, ['X-Original-Method', 'GET']] },
  ],
  ['two URLs joined by a comma', nginx('http://a/open,http://a/secret')],
  ['two URLs joined by a comma and a space', nginx('http://a/open, http://a/secret')],
  ['two methods joined by a comma', nginx('http://a/x', 'GET,OPTIONS')],
  ['two methods joined by a comma and a space', nginx('http://a/x', 'GET, OPTIONS')],
  ['no method', { ...nginx('http://a/x'), lines: nginx('http://a/x').lines.slice(0, 1) }],
  ['no URL', { ...nginx('http://a/x'), lines: nginx('http://a/x').lines.slice(1) }],
  ['a URL without scheme', nginx('a.test/x')],
  ['a URL without path', nginx('http://a.test')],
  ['a URL with a user', nginx('http://a.test@evil.test/x')],
  ['a URL with a query for a path', nginx('http://a.test?x=/open')],
  ['X-Forwarded-Uri twice', { ...forwarded('/x'), lines: [...forwarded('/x').lines, ['X-Forwarded-URI', '/y']] }],
  ['X-Forwarded-Host twice', { ...forwarded('/x'), lines: [...forwarded('/x').lines, ['X-Forwarded-Host', 'b']] }],
  ['two paths joined by a comma', forwarded('/open,/secret')],
  ['two paths joined by a comma and a space', forwarded('/open, /secret')],
  ['two paths joined by a comma in what would be a query', forwarded('/open?,/secret')],
  ['two hosts joined by a comma', forwarded('/x', { host: 'a.test,b.test' })],
  ['an absolute URL for a path', forwarded('http://a.test/open')],
  ['no header at all', { target: '/caddy', lines: [] }],
] as const satisfies readonly (readonly [string, Partial<RawRequest>])[]) {
  test(`GHSA-7x63-xv5r-3p2x: ${title} is malformed and judged by nobody`, async (t) => {
    const gate = await listen(t)
    t.is((await gate.ask(request)).status, 403)
    t.deepEqual(gate.asked, [])
    t.deepEqual(gate.recorder.decisions, ['denied malformed_request'])
  })
}

test('a peer that is not trusted gets no verdict, whatever it says', async (t) => {
  const gate = await listen(t, { doors: [door('nginx', ['10.0.0.0/8', '::1', 'fe80::/10', '127.0.0.2'])] })
  t.is((await gate.ask(nginx('http://a.test/'))).status, 403)
  t.deepEqual(gate.asked, [])
  t.deepEqual(gate.recorder.decisions, [])
  t.deepEqual(gate.recorder.turnedAway, ['untrusted_peer 127.0.0.1'])
})

test('trusted proxies are addresses and blocks of them, an IPv4 address in its IPv6 form too', (t) => {
  const find = openDoors([door('nginx', ['10.1.0.0/16', '192.0.2.7', '2001:db8::/32'])], false)
  const trusts = (remoteAddress: string | undefined) => find('/nginx')?.trusts({ remoteAddress })
  for (const address of ['10.1.255.1', '::ffff:10.1.0.9', '192.0.2.7', '2001:db8::5']) t.true(trusts(address), address)
  for (const address of ['10.2.0.1', '::ffff:10.2.0.1', '192.0.2.8', '2001:db9::', '::1', undefined]) {
    t.false(trusts(address), address)
  }
})

test('over a unix socket the rights of its file say who may ask', async (t) => {
  const gate = await listen(t, {
    address: `unix:${join(makeFolder(t), 'gate.sock')}`,
    doors: [door('caddy', undefined)],
  })
  t.is((await gate.ask(forwarded('/x', { kind: 'caddy' }))).status, 200)
})

test("a client's /healthz behind Envoy is judged like any path: the listener has none of its own", async (t) => {
  const gate = await listen(t, { check: async () => refused('no_route') })
  for (const path of ['/healthz', '/livez', '/readyz', '/metrics', '/nginx', '/traefik']) {
    t.is((await gate.ask({ target: `/envoy${path}` })).status, 403)
  }
  t.deepEqual(
    gate.asked.map(({ path }) => path),
    ['/healthz', '/livez', '/readyz', '/metrics', '/nginx', '/traefik'],
  )
})

test('where there is no door nobody is let through', async (t) => {
  const gate = await listen(t)
  const targets = ['/', '/healthz', '/envoy', '/envoyx', '/nginx/x', '//nginx', '/%6eginx', 'http://a.test/nginx', '*']
  for (const target of targets) t.is((await gate.ask({ method: 'OPTIONS', target })).status, 403, target)
  t.deepEqual(gate.asked, [])
  t.is(gate.recorder.turnedAway.length, targets.length)
})

test('an Envoy door at the root judges every path', async (t) => {
  const gate = await listen(t, { doors: [{ kind: 'envoy', path: '/', timeout: 1_000 }] })
  for (const target of ['/', '/envoy/x?y', '*']) await gate.ask({ method: 'OPTIONS', target })
  t.deepEqual(seen(gate), ['OPTIONS a.test /', 'OPTIONS a.test /envoy/x?y', 'OPTIONS a.test *'])
})

for (const [title, request] of [
  ['a letter beyond ASCII in the target', { target: '/envoy/\u00e9' }],
  ['a method in small letters', { method: 'get' }],
  ['no method', { method: '' }],
] as const) {
  test(`${title} is refused before anybody judges`, async (t) => {
    const gate = await listen(t)
    t.is((await gate.ask(request)).status, 400)
    t.deepEqual(gate.asked, [])
  })
}

test('CVE-2020-25017: two hosts and two credentials are seen as two, a thousand lines apart too', async (t) => {
  const gate = await listen(t)
  const filler = Array.from({ length: 1_500 }, (_, index) => [`x-${index}`, ''] as const)
  const lines = [
    ['Host', 'a.test'],
    ['Authorization', 'Bearer a'],
    ...filler,
    ['HOST', 'b.test'],
    ['authorization', 'Bearer b'],
  ]
  await gate.ask({ lines: lines as RawRequest['lines'] })
  t.is(gate.asked[0]?.host, 'a.test,b.test')
  t.is(gate.asked[0]?.headers.get('authorization'), 'Bearer a,Bearer b')
})

test('all headers come through: lower-case names, lines joined by commas, cookies by semicolons', async (t) => {
  const gate = await listen(t)
  await gate.ask({
    lines: [
      ['X-Api-Key', 'a'],
      ['Cookie', 'b=1'],
      ['cookie', 'c=2'],
      ['x-api-key', ''],
      ['Origin', 'https://o.test'],
    ],
  })
  t.deepEqual(
    [...(gate.asked[0]?.headers ?? [])],
    [
      ['x-api-key', 'a,'],
      ['cookie', 'b=1; c=2'],
      ['origin', 'https://o.test'],
    ],
  )
})

for (const [title, lines] of [
  ['its handshake', [['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ==']]],
  ['the version of its handshake', [['Sec-WebSocket-Version', '13']]],
  ['X-Forwarded-Proto: wss', [['X-Forwarded-Proto', 'wss']]],
  ['X-Forwarded-Proto: ws', [['X-Forwarded-Proto', 'ws']]],
] as const) {
  test(`a websocket is told by ${title}, though the proxy keeps Upgrade to itself`, async (t) => {
    const gate = await listen(t)
    const request = forwarded('/x')
    t.is((await gate.ask({ ...request, lines: [...request.lines, ...lines] })).status, 200)
    t.is(gate.asked[0]?.headers.get('upgrade'), 'websocket')
  })
}

test('an Upgrade that comes through is read, and no connection is upgraded', async (t) => {
  const gate = await listen(t)
  const lines: RawRequest['lines'] = [
    ['Host', 'a.test'],
    ['Connection', 'Upgrade'],
    ['Upgrade', 'h2c'],
  ]
  t.is((await gate.ask({ lines })).status, 200)
  t.is(gate.asked[0]?.headers.get('upgrade'), 'h2c')
  await gate.ask({
    lines: [
      ['Host', 'a.test'],
      ['X-Forwarded-Proto', 'https'],
    ],
  })
  t.false(gate.asked[1]?.headers.has('upgrade'))
})

/** The header lines of an answer, without those of its framing. */
const told = ({ headers }: RawResponse) => headers.filter(([name]) => !/^(?:content-length|connection)$/i.test(name))

test('Envoy is told what to set and what to remove', async (t) => {
  const answer = await (await listen(t)).ask({})
  t.deepEqual(told(answer), [
    ['x-auth-request-user', 'ci'],
    ['x-envoy-auth-headers-to-remove', 'authorization,x-auth-request-email'],
  ])
})

for (const kind of ['nginx', 'traefik', 'caddy'] as const) {
  const question = (lines: RawRequest['lines'] = []): RawRequest => {
    const request = kind === 'nginx' ? nginx('http://a.test/') : forwarded('/', { kind })
    return { ...request, lines: [...request.lines, ...lines] }
  }
  /** Caddy is told an empty value where the others are told nothing. */
  const without = (...names: string[]) => (kind === 'caddy' ? names.map((name) => [name, '']) : [])

  test(`${kind} finds in the answer what the upstream gets, and no more`, async (t) => {
    const answer = await (await listen(t)).ask(question([['Authorization', 'Bearer a']]))
    t.is(answer.status, 200)
    t.deepEqual(told(answer), [
      ['x-auth-request-user', 'ci'],
      ...without('authorization', 'x-auth-request-email', 'x-api-key', 'cookie'),
    ])
  })

  test(`${kind} finds in the answer what stays of the headers that a credential may be in`, async (t) => {
    const check: Check = async () => ({ kind: 'ok', reason: 'public', route: 'all', headers: { set: [], remove: [] } })
    const { ask } = await listen(t, { check })
    const lines: RawRequest['lines'] = [
      ['Authorization', 'Basic \xff'],
      ['Cookie', 'a=1'],
      ['Cookie', 'b=2'],
      ['Accept', '*/*'],
    ]
    t.deepEqual(told(await ask(question(lines))), [
      ['authorization', 'Basic \u00c3\u00bf'],
      ...without('x-api-key'),
      ['cookie', 'a=1; b=2'],
    ])
    t.deepEqual(told(await ask(question())), without('authorization', 'x-api-key', 'cookie'))
  })

  test(`${kind} finds the upstream's own credential in the answer, not the caller's`, async (t) => {
    const headers = { set: [['authorization', 'Basic dXA=']] as const, remove: ['x-api-key', 'cookie'] }
    const { ask } = await listen(t, { check: async () => ({ kind: 'ok', reason: 'verified', route: 'all', headers }) })
    const lines: RawRequest['lines'] = [
      ['Authorization', 'Bearer a'],
      ['X-Api-Key', 'b'],
    ]
    t.deepEqual(told(await ask(question(lines))), [['authorization', 'Basic dXA='], ...without('x-api-key', 'cookie')])
  })

  test(`CVE-2025-64484: ${kind} cannot remove another spelling of an identity header, so the request is refused`, async (t) => {
    const headers = { set: [], remove: ['x-auth-request-user', 'x_auth_request_user'] }
    const { ask, recorder } = await listen(t, {
      check: async () => ({ kind: 'ok', reason: 'public', route: 'all', headers }),
    })
    t.is((await ask(question())).status, 403)
    t.deepEqual(recorder.decisions, ['denied malformed_request'])
  })
}

test('nginx makes 500 of all but 401 and 403: a 400 is a 401 there, with its challenge', async (t) => {
  const rule = { kind: 'bearer', realm: 'r', credentials: [{ kind: 'bearer' }] } as never
  const check: Check = async () => refused('malformed_credential', { name: 'all', preflight: false, rule })
  const gate = await listen(t, { check })
  for (const [request, status] of [
    [{}, 400],
    [nginx('http://a.test/'), 401],
    [forwarded('/'), 400],
  ] as const) {
    const answer = await gate.ask(request)
    t.is(answer.status, status)
    t.is((JSON.parse(answer.body) as { status: number }).status, status)
    t.regex(told(answer)[0]?.[1] ?? '', /^Bearer realm="r", error="invalid_request"/)
  }
  t.deepEqual(gate.recorder.decisions, Array(3).fill('denied malformed_credential'))
})

test('an outage is 503 at every door, and an exception is one', async (t) => {
  const bug = new Error('a bug')
  const gate = await listen(t, { check: () => Promise.reject(bug) })
  for (const request of [{}, nginx('http://a.test/'), forwarded('/')]) t.is((await gate.ask(request)).status, 503)
  t.deepEqual(gate.recorder.faults, [bug, bug, bug])
  t.deepEqual(gate.recorder.decisions, Array(3).fill('error internal_fault'))
  const other = await listen(t, { check: async () => failed('keys_unavailable') })
  t.is((await other.ask({})).status, 503)
})

test('what cannot be written as a header is an outage, not an open door', async (t) => {
  const headers = { set: [['x-user', 'a\r\nb']] as const, remove: [] }
  const gate = await listen(t, { check: async () => ({ kind: 'ok', reason: 'verified', route: 'all', headers }) })
  t.is((await gate.ask({})).status, 503)
  t.is(gate.recorder.faults.length, 1)
})

test('the deadline is that of the door', async (t) => {
  const gate = await listen(t, { doors: [{ kind: 'envoy', path: '/envoy', timeout: 60_000 }] })
  await gate.ask({})
  t.is(gate.asked[0]?.deadline, NOW + 60_000)
})

test('a gRPC caller gets one plain line', async (t) => {
  const gate = await listen(t, { check: async () => refused('no_route') })
  const { body, headers } = await gate.ask({
    lines: [
      ['Host', 'a.test'],
      ['Content-Type', 'application/grpc+proto'],
    ],
  })
  t.is(body, 'Forbidden: This request is not allowed here.')
  t.deepEqual(new Map(headers).get('content-type'), 'text/plain')
})
