import { Writable } from 'node:stream'
import test, { type ExecutionContext } from 'ava'
import { pino } from 'pino'
import type { RequestView } from '../../src/core/request.ts'
import type { Verdict } from '../../src/core/verdict.ts'
import { toDigest } from '../../src/key/digest.ts'
import { createObserver } from '../../src/ops/create-observer.ts'
import { registerGauges } from '../../src/ops/gauges.ts'
import { createOpenOps, type Readiness } from '../../src/ops/listen.ts'
import { createMetrics } from '../../src/ops/metrics.ts'
import { warnOfExpiry } from '../../src/ops/warn-of-expiry.ts'
import { EMPTY_INDEX, toKeyIndex } from '../../src/sources/key-index.ts'
import type { KeyRecord } from '../../src/sources/key-record.ts'
import { sendRequest } from '../e2e/send-request.ts'

const open = (logsAll = false) => {
  const lines: Record<string, unknown>[] = []
  const stream = new Writable({
    write: (chunk, _, done) => {
      lines.push(JSON.parse(String(chunk)))
      done()
    },
  })
  const metrics = createMetrics(() => 1_000)
  const log = pino({ base: null, timestamp: false }, stream)
  const observer = createObserver(log, metrics, () => logsAll)
  return { lines, log, metrics, observer }
}

const REQUEST: RequestView = {
  method: 'GET',
  host: 'api.example.com',
  path: '/api/flows?access_token=secret',
  headers: new Map([
    ['authorization', 'Bearer secret'],
    ['x-request-id', 'r-1'],
  ]),
}
const DENIED: Verdict = {
  kind: 'denied',
  status: 401,
  reason: 'expired_key',
  challenges: [],
  route: 'api',
  keyId: 'ci',
}
const OK: Verdict = {
  kind: 'ok',
  reason: 'verified',
  route: 'api',
  principal: { kind: 'token', subject: 'svc', issuer: 'https://id.example.com/', scopes: [], claims: new Map() },
  headers: { set: [], remove: [] },
}

test('a refusal is one line: names and reasons, no credential and no query', (t) => {
  const { lines, observer } = open()
  observer.decided(REQUEST, DENIED, 0.1234567)
  t.deepEqual(lines, [
    {
      level: 30,
      verdict: 'denied',
      reason: 'expired_key',
      route: 'api',
      requestId: 'r-1',
      method: 'GET',
      host: 'api.example.com',
      path: '/api/flows',
      keyId: 'ci',
      milliseconds: 0.123,
      msg: 'denied',
    },
  ])
})

test('what was let through is logged only where all decisions are asked for', (t) => {
  const quiet = open()
  quiet.observer.decided(REQUEST, OK, 1)
  t.deepEqual(quiet.lines, [])
  const talkative = open(true)
  talkative.observer.decided(REQUEST, OK, 1)
  t.like(talkative.lines[0], { verdict: 'ok', subject: 'svc', issuer: 'https://id.example.com/' })
})

test('CVE-2024-45808: the client’s text is cut, and all but visible ASCII is escaped', (t) => {
  const { lines, observer } = open()
  const path = `/a\n{"verdict":"ok"}\u001b[2J\u009b\u202e${'x'.repeat(500)}`
  observer.decided({ ...REQUEST, path, host: 'é', headers: new Map() }, DENIED, 1)
  t.is(lines.length, 1)
  t.is(lines[0]?.['host'], '\\u00e9')
  const logged = String(lines[0]?.['path'])
  t.true(logged.startsWith('/a\\u000a{"verdict":"ok"}\\u001b[2J\\u009b\\u202exxx'))
  t.true(logged.length < 300)
})

test('checks are counted by route, verdict and reason', async (t) => {
  const { metrics, observer } = open()
  observer.decided(REQUEST, DENIED, 1)
  observer.decided(REQUEST, DENIED, 1)
  observer.decided(REQUEST, OK, 1)
  observer.reloaded('keys', '/keys', ['broken'])
  observer.reloaded('keys', '/keys', [])
  observer.cached('hit')
  observer.fault(new Error('a bug'))
  const text = await metrics.registry.metrics()
  for (const line of [
    'bearergate_checks_total{route="api",verdict="denied",reason="expired_key"} 2',
    'bearergate_checks_total{route="api",verdict="ok",reason="verified"} 1',
    'bearergate_check_duration_seconds_count 3',
    'bearergate_reloads_total{what="keys",result="failed"} 1',
    'bearergate_reloads_total{what="keys",result="ok"} 1',
    'bearergate_token_cache_lookups_total{result="hit"} 1',
    'bearergate_faults_total 1',
  ]) {
    t.true(text.includes(`${line}\n`), line)
  }
  t.regex(text, /^nodejs_eventloop_lag_p99_seconds /m)
  t.regex(text, /^process_resident_memory_bytes /m)
})

const listen = async (t: ExecutionContext, readiness: () => Readiness) => {
  const { metrics } = open()
  registerGauges(metrics.registry, {
    now: () => 0,
    expiring: () => [{ id: 'ci', expires: 86_400_000 }],
    keys: () => 3,
    keyAges: () => [{ source: 'kubernetes:keys=yes', age: 1_500 }],
    jwkSets: () => [{ issuer: 'https://id.example.com/', keys: 2, loadedAt: undefined, failures: 4 }],
    isServing: () => true,
  })
  const ops = await createOpenOps('127.0.0.1:0')({ registry: metrics.registry, readiness, documents: () => [] })
  t.teardown(ops.close)
  return async (path: string): Promise<readonly [number, string]> => {
    const response = await fetch(`http://${ops.address}${path}`)
    return [response.status, await response.text()]
  }
}

test('/livez, /readyz and /metrics are all that the ops listener serves', async (t) => {
  let state: Readiness = { ready: false, problems: ['starting'] }
  const get = await listen(t, () => state)
  t.deepEqual(await get('/livez'), [200, 'ok\n'])
  t.deepEqual(await get('/readyz'), [503, '{"ready":false,"problems":["starting"]}\n'])
  state = { ready: true, problems: [] }
  t.deepEqual(await get('/readyz?verbose'), [200, '{"ready":true,"problems":[]}\n'])
  t.is((await get('/'))[0], 404)
  const [status, text] = await get('/metrics')
  t.is(status, 200)
  t.regex(text, /^bearergate_keys 3$/m)
  t.regex(text, /^bearergate_key_expires_seconds\{key="ci"\} 86400$/m)
  t.regex(text, /^bearergate_keys_age_seconds\{source="kubernetes:keys=yes"\} 1.5$/m)
  t.regex(text, /^bearergate_serving 1$/m)
  t.regex(text, /^bearergate_jwk_set_keys\{issuer="https:\/\/id.example.com\/"\} 2$/m)
  t.regex(text, /^bearergate_jwk_set_age_seconds\{issuer="https:\/\/id.example.com\/"\} \+Inf$/m)
  t.regex(text, /^bearergate_jwk_set_failures\{issuer="https:\/\/id.example.com\/"\} 4$/m)
})

test('a key that is let through is remembered with the time, one that is refused is not', async (t) => {
  const { metrics, observer } = open()
  const principal = { kind: 'key', subject: 'ci', keyId: 'ci', scopes: [], claims: new Map() } as const
  observer.decided(REQUEST, { ...OK, principal }, 1)
  observer.decided(REQUEST, { ...DENIED, keyId: 'other' } as Verdict, 1)
  const text = await metrics.registry.metrics()
  t.deepEqual(text.match(/^bearergate_key_last_used_timestamp_seconds\{.*$/gm), [
    'bearergate_key_last_used_timestamp_seconds{key="ci"} 1',
  ])
})

test('keys that expire soon are logged once, nearest first; those that were replaced or disabled are not', (t) => {
  const { lines, log } = open()
  const record = (id: string, days: number | undefined, disabled = false): KeyRecord => {
    return {
      id,
      digest: toDigest(`${id} ${days}`),
      scopes: [],
      disabled,
      ...(days !== undefined && { expires: days * DAY }),
    }
  }
  const records = [
    record('far', 30),
    record('near', 13),
    record('nearer', 1),
    record('past', -1),
    record('never', undefined),
    record('disabled', 1, true),
    // A rotation: the old secret ends tomorrow, the key does not.
    record('rotated', 1),
    record('rotated', 300),
  ]
  const index = toKeyIndex([{ origin: 'keys', records }], EMPTY_INDEX)
  const expiring = () => index.expiring(0)
  t.deepEqual(
    expiring().map(({ id }) => id),
    ['nearer', 'near', 'far', 'rotated'],
  )
  const stop = warnOfExpiry({ expiring, ahead: () => 14 * DAY, now: () => 0, log })
  t.deepEqual(
    lines.map(({ keyId, expires }) => [keyId, expires]),
    [
      ['nearer', '1970-01-02T00:00:00.000Z'],
      ['near', '1970-01-14T00:00:00.000Z'],
    ],
  )
  stop()
})

const DAY = 86_400_000

test('RFC 9728 §3.2: metadata is served under its own host and path, to any origin, and nowhere else', async (t) => {
  const { metrics } = open()
  const body = '{"resource":"https://api.example.com/mcp"}'
  const path = '/.well-known/oauth-protected-resource/mcp'
  const listener = await createOpenOps('127.0.0.1:0')({
    registry: metrics.registry,
    readiness: () => ({ ready: true, problems: [] }),
    documents: () => [{ host: 'api.example.com', path, body }],
  })
  t.teardown(listener.close)
  const port = Number(listener.address.split(':')[1])
  const ask = (host: string, asked: string) => sendRequest(port, { host, path: asked })
  const found = await ask('API.example.com:8443', `${path}?x=1`)
  t.deepEqual([found.status, found.body], [200, body])
  t.is(found.headers['content-type'], 'application/json')
  t.is(found.headers['access-control-allow-origin'], '*')
  for (const [host, asked] of [
    ['api.example.com', '/.well-known/oauth-protected-resource'],
    ['api.example.com', `${path}/`],
    ['other.example.com', path],
  ] as const) {
    t.is((await ask(host, asked)).status, 404)
  }
})

test('whoever is asked about tokens: an outage is one line, and so is its end; each question is measured', async (t) => {
  const { lines, metrics, observer } = open()
  const issuer = 'https://id.example.com/'
  observer.away(issuer, 'https://id.example.com/introspect answered with status 500')
  observer.away(issuer, undefined)
  observer.asked(issuer, 'verified', 30)
  observer.asked(issuer, 'unavailable', 2_000)
  t.deepEqual(lines, [
    {
      level: 50,
      issuer,
      problem: 'https://id.example.com/introspect answered with status 500',
      msg: 'does not answer about its tokens: they get 503',
    },
    { level: 30, issuer, msg: 'answers about its tokens' },
  ])
  const text = await metrics.registry.metrics()
  const sum = (result: string) =>
    Number(
      new RegExp(`token_question_duration_seconds_sum{issuer="${issuer}",result="${result}"} (.*)`).exec(text)?.[1],
    )
  t.deepEqual([sum('verified'), sum('unavailable')], [0.03, 2])
})
