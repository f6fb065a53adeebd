import test from 'ava'
import { shareStack } from './each-bootstrap.ts'
import { FORGED, toIdentityLines } from './identity-lines.ts'
import { openWebsocket, sendRequest } from './send-request.ts'
import { WITH_KEY } from './start-stack.ts'

const stack = shareStack('front-proxy')
const api = 'api.prefect.example.com'
const ui = 'ui.prefect.example.com'

const OPEN = [
  ['GET', '/'],
  ['HEAD', '/'],
  ['GET', '/v2/'],
  ['GET', '/assets/index-4f1c.js'],
  ['GET', '/ui-settings'],
  ['GET', '/apis'],
  // These two are spelled in a way that Envoy leaves to the gate.
  ['GET', '/v2/work-pools/work-pool/my%20pool'],
  ['HEAD', '/v2/flows/caf%C3%A9'],
] as const

/** 404 is Envoy's own answer: there is no such route. */
const CLOSED = [
  ['GET', '/api', 404],
  ['GET', '/api/flows', 404],
  ['GET', '/API/flows', 404],
  ['POST', '/api/flows/filter', 404],
  ['GET', '/%61pi/admin/version', 404],
  ['GET', '//api/flows', 404],
  ['GET', '/assets/../api/flows', 404],
  ['GET', '/assets/%2e%2e/api/flows', 404],
  ['GET', '/assets\\..\\api/flows', 404],
  // Envoy takes a dot segment with a parameter for a dot segment (CVE-2026-73551).
  ['GET', '/.;/api/flows', 404],
  ['GET', '/assets/..;/api/flows', 404],
  ['GET', '/api%2Fadmin/version', 400],
  ['GET', '/assets/..%2fapi', 400],
  ['GET', '/assets/..%5capi', 400],
  ['GET', '/api;/flows', 403],
  ['GET', '/;/api/flows', 403],
  ['GET', '/%2561pi/flows', 403],
  ['GET', '/assets/x%ff', 403],
  ['GET', '/assets/x%zz', 403],
  ['POST', '/', 403],
  ['OPTIONS', '/', 403],
  ['DELETE', '/assets/index-4f1c.js', 403],
] as const

for (const [method, path] of OPEN) {
  test.serial(`the UI is open: ${method} ${path}, and the service sees no credential and no identity`, async (t) => {
    const { envoy } = await stack()
    const { status, seen } = await sendRequest(envoy.port, { host: ui, method, path, headers: [WITH_KEY, ...FORGED] })
    t.is(status, 200)
    t.is(seen?.path, path)
    t.deepEqual(toIdentityLines(seen), [])
  })
}

for (const [method, path, expected] of CLOSED) {
  test.serial(`the UI's host has no API and takes no orders: ${method} ${path}, with a key too`, async (t) => {
    const { envoy } = await stack()
    t.is((await sendRequest(envoy.port, { host: ui, method, path })).status, expected)
    t.is((await sendRequest(envoy.port, { host: ui, method, path, headers: [WITH_KEY] })).status, expected)
  })
}

test.serial("no websocket opens on the UI's host", async (t) => {
  const { envoy } = await stack()
  t.deepEqual(await openWebsocket(envoy.port, { host: ui, path: '/' }), { kind: 'refused', status: 403 })
  t.deepEqual(await openWebsocket(envoy.port, { host: ui, path: '/api/events/in' }), { kind: 'refused', status: 404 })
})

for (const path of ['/', '/docs', '/openapi.json', '/API/flows', '/api;/flows', '/apis']) {
  test.serial(`the API's host has nothing but the API: ${path}`, async (t) => {
    const { envoy } = await stack()
    t.is((await sendRequest(envoy.port, { host: api, path, headers: [WITH_KEY] })).status, 404)
  })
}

test.serial(
  'CVE-2021-39155: case and port of the host do not open anything, and other hosts do not exist',
  async (t) => {
    const { envoy } = await stack()
    const ask = async (host: string) => (await sendRequest(envoy.port, { host, path: '/api/flows' })).status
    t.is(await ask('API.Prefect.Example.COM'), 401)
    t.is(await ask('api.prefect.example.com:8080'), 401)
    t.is(await ask('api.prefect.example.com.'), 404)
    t.is(await ask('ui.prefect.example.com,api.prefect.example.com'), 404)
    t.is(await ask('ui.prefect.example.com:8080,api.prefect.example.com'), 404)
    t.is(await ask('prefect.example.com'), 404)
  },
)

const preflight = (origin: string) =>
  [
    ['origin', origin],
    ['access-control-request-method', 'POST'],
    ['access-control-request-headers', 'authorization,content-type'],
  ] as const

test.serial("Fetch standard: Envoy answers a preflight of the UI's origin; the service does not see it", async (t) => {
  const { envoy } = await stack()
  const request = { host: api, method: 'OPTIONS', path: '/api/flows/filter' }
  const answer = await sendRequest(envoy.port, { ...request, headers: preflight('https://ui.prefect.example.com') })
  t.is(answer.status, 200)
  t.is(answer.headers['access-control-allow-origin'], 'https://ui.prefect.example.com')
  t.regex(answer.headers['access-control-allow-headers'] ?? '', /\bauthorization\b/)
  t.is(answer.seen, undefined)
})

test.serial('Fetch standard: a preflight of another origin is refused', async (t) => {
  const { envoy } = await stack()
  const request = { host: api, method: 'OPTIONS', path: '/api/flows/filter' }
  const answer = await sendRequest(envoy.port, { ...request, headers: preflight('https://evil.example.net') })
  t.is(answer.status, 401)
  t.is(answer.headers['access-control-allow-origin'], undefined)
})

test.serial('Fetch standard: the UI can read a 401, since it carries its origin', async (t) => {
  const { envoy } = await stack()
  const headers = [['origin', 'https://ui.prefect.example.com']] as const
  const answer = await sendRequest(envoy.port, { host: api, path: '/api/flows', headers })
  t.is(answer.status, 401)
  t.is(answer.headers['access-control-allow-origin'], 'https://ui.prefect.example.com')
})

test.serial('use_remote_address: what a client says about its own way here is not passed on', async (t) => {
  const { envoy } = await stack()
  const headers = [
    WITH_KEY,
    ['x-forwarded-proto', 'https'],
    ['x-request-id', 'of-the-client'],
    ['x-envoy-retry-on', '5xx'],
    ['x-envoy-upstream-rq-timeout-ms', '600000'],
  ] as const
  const seen = new Map((await sendRequest(envoy.port, { host: api, path: '/api/flows', headers })).seen?.headers)
  t.is(seen.get('x-forwarded-proto'), 'http')
  t.not(seen.get('x-request-id'), 'of-the-client')
  t.false(seen.has('x-envoy-retry-on'))
  t.is(seen.get('x-envoy-expected-rq-timeout-ms'), '60000')
})
