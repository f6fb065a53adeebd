import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import test from 'ava'
import { findEnvoy } from '../../scripts/envoy.ts'
import { eachBootstrap } from './each-bootstrap.ts'
import { shipped } from './read-bootstrap.ts'
import { sendRequest } from './send-request.ts'
import { WITH_KEY } from './start-stack.ts'

/** Near misses of what is open, and the status of each without a credential; 400 is Envoy's own answer. */
const CLOSED = [
  ['GET', '/api/flows', 401],
  ['POST', '/api/health', 401],
  ['HEAD', '/api/health', 401],
  ['OPTIONS', '/api/health', 401],
  ['GET', '/api/health/', 401],
  ['GET', '/api/health/x', 401],
  ['GET', '/api/healthy', 401],
  ['GET', '/api/health;v=1', 401],
  ['GET', '/api/health%3bv=1', 401],
  ['GET', '/api/health%3fx', 401],
  ['GET', '/api/%2568ealth', 401],
  ['GET', '/api/health%zz', 401],
  ['GET', '/api/health%ff', 401],
  ['GET', '/api/health%00', 400],
  ['GET', '/api/health%2f', 400],
  ['GET', '/api/health/..%2fflows', 400],
  ['GET', '/api/health%5c..%5cflows', 400],
  ['GET', '/api/variables/name/system-health', 401],
  ['GET', '/api/flows?path=/api/health', 401],
  ['GET', '/api/health/../flows', 401],
  ['GET', '/api/health/%2e%2e/flows', 401],
  ['GET', '/api/health\\..\\flows', 401],
  ['GET', '/%61pi/admin/version', 401],
  ['GET', '//api/admin/version', 401],
  ['GET', '/x/../api/admin/version', 401],
  ['GET', '/api%2Fadmin/version', 400],
  ['GET', '/api%5Cadmin/version', 400],
  ['GET', '/assets/..%2fapi/admin/version', 400],
] as const

eachBootstrap(({ name, host, stack }) => {
  test.serial(`${name}: Envoy accepts the bootstrap as it is shipped`, async (t) => {
    const run = promisify(execFile)(await findEnvoy(), ['--mode', 'validate', '-c', shipped(`${name}.yaml`)])
    t.regex((await run).stdout, /OK\n$/)
  })

  test.serial(`${name}: RFC 6750 §3.1: without a credential the API gives a challenge without error`, async (t) => {
    const { envoy } = await stack()
    const answer = await sendRequest(envoy.port, { host, path: '/api/flows' })
    t.is(answer.status, 401)
    t.is(answer.headers['www-authenticate'], 'Bearer realm="Prefect API"')
    t.is(answer.headers['content-type'], 'application/problem+json')
  })

  test.serial(`${name}: RFC 6750 §3.1: an unknown key gets 401 and invalid_token`, async (t) => {
    const { envoy } = await stack()
    const headers = [['authorization', 'Bearer e2e-this-key-was-never-given-out']] as const
    const answer = await sendRequest(envoy.port, { host, path: '/api/flows', headers })
    t.is(answer.status, 401)
    t.regex(answer.headers['www-authenticate'] ?? '', /^Bearer realm="Prefect API", error="invalid_token"/)
  })

  test.serial(`${name}: RFC 6750 §3.1: two credentials are a bad request, though one of them is good`, async (t) => {
    const { envoy } = await stack()
    const headers = [WITH_KEY, ['authorization', 'Bearer another']] as const
    t.is((await sendRequest(envoy.port, { host, path: '/api/flows', headers })).status, 400)
  })

  test.serial(`${name}: with a key a request reaches the service as it was sent`, async (t) => {
    const { envoy } = await stack()
    const headers = [WITH_KEY, ['cookie', 'theme=dark']] as const
    const { status, seen } = await sendRequest(envoy.port, {
      host,
      method: 'POST',
      path: '/api/flows?limit=1',
      headers,
    })
    t.is(status, 200)
    t.like(seen, { method: 'POST', path: '/api/flows?limit=1' })
    t.is(new Map(seen?.headers).get('cookie'), 'theme=dark')
  })

  for (const path of ['/api/health', '/api/ready', '/api/health?verbose=1']) {
    test.serial(`${name}: GET ${path} is open`, async (t) => {
      const { envoy } = await stack()
      t.is((await sendRequest(envoy.port, { host, path })).seen?.path, path)
    })
  }

  for (const [method, path, expected] of CLOSED) {
    test.serial(`${name}: ${method} ${path} is closed`, async (t) => {
      const { envoy } = await stack()
      const { status, seen } = await sendRequest(envoy.port, { host, method, path })
      t.is(status, expected)
      t.is(seen, undefined)
    })
  }
})
