import test from 'ava'
import { toClientRequest } from './client-request.ts'
import type { Answer, HeaderOption } from './envoy.ts'
import { judge } from './judge.ts'

const set = (key: string, value: string): HeaderOption => ({
  header: { key, value },
  append: { value: false },
  append_action: 2,
})

const ok = (headers: HeaderOption[], headers_to_remove: string[] = []): Answer => ({
  status: { code: 0 },
  ok_response: { headers, headers_to_remove },
})

const denied = (code: number, headers: HeaderOption[], body: string): Answer => ({
  status: { code: 16 },
  denied_response: { status: { code }, headers, body },
})

const PROBLEM = set('content-type', 'application/problem+json')
const CHALLENGE = set('www-authenticate', 'Bearer realm="a \\"b\\"", error="invalid_token"')
const refused = denied(401, [CHALLENGE, PROBLEM], '{"status":401,"error":"invalid_token"}')
const allowed = ok([set('x-user', 'ci')], ['authorization'])

const complaintsAbout = (answer: Answer, demand: object, headers: Record<string, string> = {}) => {
  const lines = Object.entries(headers) as [string, string][]
  const request = toClientRequest(
    { method: 'GET', host: 'a', path: '/', headers: lines, contextExtensions: [] },
    (text) => text,
  )
  const terms = { identity: ['x-user'], outageIsError: false, secrets: ['the-secret'] }
  return judge({ status: 'ok', ...demand }, { request, answer, millis: 5 }, terms, (text) => text)
}

test('Good answers give no cause for complaint', (t) => {
  t.deepEqual(complaintsAbout(allowed, { upstream: { 'x-user': 'ci' }, removed: ['authorization'] }), [])
  t.deepEqual(complaintsAbout(refused, { status: 401, error: 'invalid_token', challenge: { realm: 'a "b"' } }), [])
})

const ENVOY_LETS_IT_THROUGH = 'status.code is 0 without an ok_response: Envoy lets the request through'
const APPENDED = 'x-user does not overwrite on every Envoy'

const BAD: Record<string, [Answer, string]> = {
  'an empty answer': [{}, ENVOY_LETS_IT_THROUGH],
  'a refusal with status.code 0': [{ ...refused, status: { code: 0 } }, ENVOY_LETS_IT_THROUGH],
  'a refusal without status.code': [{ denied_response: refused.denied_response ?? {} }, ENVOY_LETS_IT_THROUGH],
  'a header that is appended': [ok([{ ...set('x-user', 'ci'), append: { value: true } }]), APPENDED],
  'a header without append': [ok([{ header: { key: 'x-user', value: 'ci' }, append_action: 2 }]), APPENDED],
  'a header whose action is the default': [ok([{ ...set('x-user', 'ci'), append_action: 0 }]), APPENDED],
  'a header that is set twice': [ok([set('x-user', 'ci'), set('x-user', 'ci')]), 'x-user is set twice'],
  'a header that is set and removed': [ok([set('x-user', 'ci')], ['x-user']), 'x-user is both set and removed'],
  'an identity header that is left alone': [ok([]), 'x-user is neither set nor removed'],
  'a name in capitals': [ok([set('X-User', 'ci')]), '"X-User" is no header name in lower case'],
  'a value with a line break': [ok([set('x-user', 'ci\r\nx: y')]), 'the value of x-user is not visible ASCII'],
  'a header that routes': [ok([set('x-user', 'ci'), set('host', 'evil.example')]), 'host is not ours to change'],
  'a pseudo header that is removed': [ok([set('x-user', 'ci')], [':path']), ':path is not ours to change'],
  'a secret': [ok([set('x-user', 'the-secret')]), 'the answer contains a secret or a part of a token'],
  'a value in raw bytes': [
    ok([{ ...set('x-user', 'ci'), header: { key: 'x-user', value: 'ci', raw_value: Buffer.from('ci') } }]),
    'x-user has a raw_value, which Envoy ignores',
  ],
}

const BAD_REFUSALS: Record<string, [Answer, string]> = {
  'a refusal that looks like success': [
    denied(200, [CHALLENGE, PROBLEM], '{"status":200,"error":"invalid_token"}'),
    'the HTTP status 200 is no refusal',
  ],
  'a 401 without challenge': [
    denied(401, [PROBLEM], '{"status":401,"error":"invalid_token"}'),
    'a 401 has no challenge',
  ],
  'a challenge without parameters': [
    denied(401, [set('www-authenticate', 'Bearer'), PROBLEM], '{"status":401}'),
    'Bearer is no challenge with parameters',
  ],
  'a scheme that stands twice': [
    denied(401, [CHALLENGE, CHALLENGE, PROBLEM], '{"status":401,"error":"invalid_token"}'),
    'a scheme stands twice',
  ],
  'an error that only the challenge has': [
    denied(401, [CHALLENGE, PROBLEM], '{"status":401}'),
    "the body's error is not invalid_token",
  ],
  'a problem with another status': [
    denied(401, [CHALLENGE, PROBLEM], '{"status":403,"error":"invalid_token"}'),
    'the body is no problem document with the HTTP status',
  ],
  'a body that is no problem': [denied(401, [CHALLENGE], 'no'), 'the body is no problem document with the HTTP status'],
  'an outage in the place of a denial': [
    { status: { code: 14 }, error_response: refused.denied_response ?? {} },
    'the refusal is the error_response, not the denied_response',
  ],
}

for (const [what, [answer, complaint]] of Object.entries({ ...BAD, ...BAD_REFUSALS })) {
  test(`The judge complains about ${what}`, (t) => {
    const status = 'ok_response' in answer || !answer.status?.code ? 'ok' : 401
    const complaints = complaintsAbout(answer, status === 'ok' ? {} : { status, error: 'invalid_token' })
    t.true(complaints.includes(complaint), complaints.join('\n'))
  })
}

test('The judge sees what Envoy leaves of the headers of a client', (t) => {
  const forged = { x_user: 'root', 'X-User': 'root' }
  t.deepEqual(complaintsAbout(allowed, { upstream: { 'x-user': 'ci' } }, forged), [
    "the upstream sees the client's own x_user: root",
  ])
  t.deepEqual(complaintsAbout(ok([], ['x-user', 'x_user']), { upstreamWithout: ['x-user'] }, forged), [])
})

test('The judge compares each demand of a row', (t) => {
  t.is(complaintsAbout(allowed, { status: 401 }).length, 1)
  t.is(complaintsAbout(allowed, { upstream: { 'x-user': 'root' } }).length, 1)
  t.is(complaintsAbout(allowed, { upstreamWithout: ['x-user'] }).length, 1)
  t.is(complaintsAbout(allowed, { removed: ['cookie'], notRemoved: ['authorization'] }).length, 2)
  t.is(complaintsAbout(allowed, { maxMillis: 1 }).length, 1)
  t.is(complaintsAbout(refused, { status: 401, challengeWithout: ['error'] }).length, 1)
  t.is(complaintsAbout(refused, { status: 401, mustNotAppear: ['realm'] }).length, 1)
  t.is(complaintsAbout(refused, { status: 401, schemes: ['Bearer', 'Basic'] }).length, 1)
  t.is(complaintsAbout(refused, { status: 401, basicRealm: 'a' }).length, 1)
  t.is(complaintsAbout(refused, { status: 401, body: 'line' }).length, 1)
  t.is(complaintsAbout(refused, { status: 401, sameAs: 'KEY-03' }).length, 1)
})
