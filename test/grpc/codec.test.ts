import test from 'ava'
import fc from 'fast-check'
import { BEARER } from '../../src/core/carrier.ts'
import type { Principal } from '../../src/core/principal.ts'
import { createRememberedAnswers } from '../../src/core/remembered-answers.ts'
import { READ_HEADERS } from '../../src/core/request.ts'
import type { Route } from '../../src/core/route.ts'
import { failed, type Ok, refused, type Verdict } from '../../src/core/verdict.ts'
import { toMessageAnswer } from '../../src/grpc/call.ts'
import { decodeCheck } from '../../src/grpc/decode-check.ts'
import { type AnswerStyle, encodeVerdict } from '../../src/grpc/encode-verdict.ts'
import type { CheckRequest } from '../generated/envoy/service/auth/v3/CheckRequest.ts'
import { checkMethod } from '../vectors/check-method.ts'

const READ = new Set([...READ_HEADERS, 'x-api-key'])

const ascii = fc.string({ unit: 'binary-ascii', maxLength: 300 })
const headerName = fc.oneof(
  fc.constantFrom(...READ, 'x_auth_request_user', 'x.auth', 'cookie', 'constructor', '__proto__', ':path'),
  fc.string({ unit: 'binary-ascii', maxLength: 20 }),
)
const lines = fc.array(fc.tuple(headerName, ascii), { maxLength: 30 })

/** What the message says, worked out from the message and not from its bytes. */
const expectedHeaders = (all: readonly (readonly [string, string])[]): ReadonlyMap<string, string> => {
  const headers = new Map<string, string>()
  for (const [name, value] of all) {
    if (!READ.has(name) && (name.startsWith(':') || !/[^a-z0-9-]/.test(name))) continue
    const before = headers.get(name)
    headers.set(name, before === undefined ? value : `${before},${value}`)
  }
  return headers
}

const encodeRequest = (message: CheckRequest): Buffer => checkMethod.requestSerialize(message)

test('a request is read as @grpc/proto-loader wrote it: map form', (t) => {
  fc.assert(
    fc.property(ascii, ascii, ascii, lines, fc.option(ascii), ascii, (method, host, path, all, route, principal) => {
      const headers = Object.assign(Object.create(null), Object.fromEntries(all)) as Record<string, string>
      const view = decodeCheck(
        encodeRequest({
          attributes: {
            source: { principal },
            request: { http: { id: '1', method, host, path, headers, scheme: 'https', protocol: 'HTTP/2' } },
            context_extensions: { other: 'x', ...(route !== null && { route }) },
          },
        }),
        READ,
        7,
      )
      t.deepEqual(view, {
        method,
        host,
        path,
        headers: expectedHeaders(Object.entries(headers)),
        ...(route !== null && { routeName: route }),
        ...(principal !== '' && { clientCertificate: principal }),
        deadline: 7,
      })
    }),
  )
  t.pass()
})

test('a request is read as @grpc/proto-loader wrote it: raw form, with bytes', (t) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(headerName, fc.uint8Array({ maxLength: 300 })), { maxLength: 30 }), (all) => {
      const entries = all.map(([key, raw]) => ({ key: key.toUpperCase(), raw_value: Buffer.from(raw) }))
      const view = decodeCheck(
        encodeRequest({ attributes: { request: { http: { header_map: { headers: entries } } } } }),
        READ,
      )
      const texts = entries.map(({ key, raw_value }) => [key.toLowerCase(), raw_value.toString('latin1')] as const)
      t.deepEqual(view, { method: '', host: '', path: '', headers: expectedHeaders(texts) })
    }),
  )
  t.pass()
})

test('fields of all wire types that are not known are passed over', (t) => {
  const known = encodeRequest({ attributes: { request: { http: { method: 'GET' } } } })
  const varint = Buffer.from([15 * 8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1])
  const fixed64 = Buffer.from([15 * 8 + 1, 1, 2, 3, 4, 5, 6, 7, 8])
  const fixed32 = Buffer.from([15 * 8 + 5, 1, 2, 3, 4])
  const bytes = Buffer.from([15 * 8 + 2, 2, 1, 2])
  t.is(decodeCheck(Buffer.concat([varint, fixed64, fixed32, bytes, known]), READ)?.method, 'GET')
})

const whole = encodeRequest({
  attributes: {
    request: { http: { method: 'GET', host: 'a', path: '/', headers: { authorization: 'Bearer abc', cookie: 'c' } } },
    context_extensions: { route: 'r' },
  },
})

test('a message that is cut short is refused or is no request: never half of one', (t) => {
  for (let length = 0; length < whole.length; length += 1) {
    const cut = (): unknown => decodeCheck(whole.subarray(0, length), READ)
    if (length === 0) t.is(cut(), undefined)
    else t.throws(cut, { instanceOf: RangeError }, `${length} bytes`)
  }
  t.is(decodeCheck(whole, READ)?.headers.get('authorization'), 'Bearer abc')
})

test('hostile bytes end in a RangeError or in a request, and quickly', (t) => {
  const isHarmless = (bytes: Uint8Array): boolean => {
    try {
      decodeCheck(Buffer.from(bytes), READ)
      return true
    } catch (error) {
      return error instanceof RangeError
    }
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), isHarmless), { numRuns: 2_000 })
  const flips = fc.tuple(fc.nat(whole.length - 1), fc.nat(255))
  fc.assert(
    fc.property(fc.array(flips, { minLength: 1, maxLength: 5 }), (all) => {
      const bytes = Buffer.from(whole)
      for (const [at, value] of all) bytes[at] = value
      return isHarmless(bytes)
    }),
    { numRuns: 2_000 },
  )
  t.pass()
})

const option = (key: string, value: string) => ({
  header: { key, value },
  append: { value: false },
  append_action: 2,
})

const STYLE = { isGrpc: false, outage: 'denied' } as const
const decode = (bytes: Buffer) => checkMethod.responseDeserialize(bytes)

const route: Route = {
  name: 'api',
  preflight: false,
  rule: {
    kind: 'bearer',
    realm: 'a "quoted" realm',
    credentials: [BEARER],
    several: 'refuse',
    origins: [],
    accept: { keys: true, issuers: new Set() },
    scopes: ['read', 'write'],
    authorization: { kind: 'remove' },
  },
}
const principal: Principal = { kind: 'key', subject: 'ci', keyId: 'ci', scopes: [], claims: new Map() }
const metadata = (fields: Record<string, string>) => ({
  fields: Object.fromEntries(Object.entries(fields).map(([name, stringValue]) => [name, { stringValue }])),
})

test('ok: status 0, headers that overwrite, removals, metadata', (t) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(ascii, fc.string({ maxLength: 200 }))), fc.array(ascii), (set, remove) => {
      const verdict: Ok = { kind: 'ok', reason: 'verified', route: 'api', principal, headers: { set, remove } }
      t.deepEqual(decode(encodeVerdict(verdict, STYLE)), {
        status: { code: 0, message: 'verified' },
        ok_response: {
          ...(set.length > 0 && { headers: set.map(([key, value]) => option(key, value)) }),
          ...(remove.length > 0 && { headers_to_remove: remove }),
        },
        dynamic_metadata: metadata({
          verdict: 'ok',
          reason: 'verified',
          route: 'api',
          kind: 'key',
          subject: 'ci',
          key_id: 'ci',
        }),
      } as never)
    }),
    { numRuns: 50 },
  )
  t.pass()
})

test('RFC 6750 §3.1: denied for a scope, with the challenge and a problem document', (t) => {
  t.deepEqual(decode(encodeVerdict(refused('insufficient_scope', route, principal), STYLE)), {
    status: { code: 7, message: 'insufficient_scope' },
    denied_response: {
      status: { code: 403 },
      headers: [
        option(
          'www-authenticate',
          'Bearer realm="a \\"quoted\\" realm", error="insufficient_scope", ' +
            'error_description="The API key or access token lacks a scope", scope="read write"',
        ),
        option('content-type', 'application/problem+json'),
      ],
      body: JSON.stringify({
        title: 'Forbidden',
        status: 403,
        detail: 'The API key or access token is good, but lacks a scope that this request needs.',
        error: 'insufficient_scope',
      }),
    },
    dynamic_metadata: metadata({
      verdict: 'denied',
      reason: 'insufficient_scope',
      route: 'api',
      kind: 'key',
      subject: 'ci',
      key_id: 'ci',
    }),
  } as never)
})

test('a gRPC caller gets one plain line', (t) => {
  const { denied_response } = decode(encodeVerdict(refused('no_route'), { ...STYLE, isGrpc: true }))
  t.is(denied_response?.body, 'Forbidden: This request is not allowed here.')
  t.deepEqual(denied_response?.headers, [option('content-type', 'text/plain')])
})

test('an outage is a denial with 503, or an error_response where Envoy is to decide', (t) => {
  const verdict = failed('keys_unavailable', route)
  const denied = decode(encodeVerdict(verdict, STYLE))
  t.is(denied.status?.code, 14)
  t.is(denied.denied_response?.status?.code, 503)
  t.is(denied.error_response, undefined)
  const error = decode(encodeVerdict(verdict, { ...STYLE, outage: 'error' }))
  t.is(error.status?.code, 14)
  t.is(error.error_response?.status?.code, 503)
  t.is(error.denied_response, undefined)
})

test('every verdict but ok has a status that is not 0, in its very bytes', (t) => {
  const verdicts: Verdict[] = [
    ...(['no_route', 'malformed_credential', 'missing_credential', 'unknown_key'] as const).map((reason) =>
      refused(reason, route),
    ),
    failed('internal_fault'),
  ]
  for (const verdict of verdicts) {
    for (const isGrpc of [true, false]) {
      for (const outage of ['denied', 'error'] as const) {
        const [field, , code, value = 0] = encodeVerdict(verdict, { isGrpc, outage })
        t.deepEqual([field, code], [10, 8])
        t.true(value > 0 && value < 17, verdict.reason)
      }
    }
  }
})

test('a remembered answer is the answer, written once', (t) => {
  const remember = createRememberedAnswers(
    (verdict, style: AnswerStyle) => toMessageAnswer(encodeVerdict(verdict, style)),
    STYLE,
  )
  const ok: Ok = { kind: 'ok', reason: 'public', route: 'api', headers: { set: [], remove: ['x'] } }
  const other = { ...route, rule: { ...route.rule, realm: 'other' } } as Route
  const styles = [STYLE, { isGrpc: true, outage: 'denied' }, { isGrpc: false, outage: 'error' }] as const
  for (const make of [
    () => refused('missing_credential', route),
    () => refused('missing_credential', other),
    () => refused('unknown_key', route),
    () => refused('expired_key', route, 'ci'),
    () => refused('expired_key', route, 'other'),
    () => refused('insufficient_scope', route, principal),
    () => refused('no_route'),
    () => failed('keys_unavailable', route),
    () => ok,
  ]) {
    for (const style of styles) {
      const answer = encodeVerdict(make(), make().kind === 'ok' ? STYLE : style)
      t.deepEqual(remember(make(), style), toMessageAnswer(answer))
      if (make().kind !== 'denied' || !('keyId' in make() || 'principal' in make())) {
        t.is(remember(make(), style), remember(make(), style))
      }
    }
  }
})

test('a number that leaves the message it stands in is the end of the reading', (t) => {
  // The attributes are two bytes: a number, of which the second half would be the next field.
  const bytes = Buffer.from([0x0a, 0x02, 0x08, 0x80, 0x08, 0x01])
  t.throws(() => decodeCheck(bytes, READ), { instanceOf: RangeError, message: 'the message is cut short' })
})
