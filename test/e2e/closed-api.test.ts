import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import test from 'ava'
import { findEnvoy } from '../../scripts/envoy.ts'
import { eachBootstrap } from './each-bootstrap.ts'
import { shipped } from './read-bootstrap.ts'
import { sendRequest } from './send-request.ts'
import { WITH_KEY } from './start-stack.ts'

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
})
