import test from 'ava'
import { shareStack } from './each-bootstrap.ts'
import { sendRequest } from './send-request.ts'
import { WITH_KEY } from './start-stack.ts'

const stack = shareStack('front-proxy')
const api = 'api.prefect.example.com'

for (const path of ['/', '/docs', '/openapi.json', '/API/flows', '/api;/flows', '/apis']) {
  test.serial(`the API's host has nothing but the API: ${path}`, async (t) => {
    const { envoy } = await stack()
    t.is((await sendRequest(envoy.port, { host: api, path, headers: [WITH_KEY] })).status, 404)
  })
}

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
