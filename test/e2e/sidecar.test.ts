import test from 'ava'
import { shareStack } from './each-bootstrap.ts'
import { sendRequest } from './send-request.ts'
import { WITH_KEY } from './start-stack.ts'

const stack = shareStack('sidecar')

test.serial('Envoy asks the gate over a unix socket', async (t) => {
  const { gates } = await stack()
  t.regex(gates[0]?.address ?? '', /^unix:\/.+\/check\.sock$/)
})

for (const host of ['prefect', 'prefect.flows.svc.cluster.local:4200', '10.1.2.3:8080', '[fd00::1]:8080']) {
  test.serial(`the host does not matter: ${host}`, async (t) => {
    const { envoy } = await stack()
    t.is((await sendRequest(envoy.port, { host, path: '/api/flows' })).status, 401)
    t.is((await sendRequest(envoy.port, { host, path: '/api/flows', headers: [WITH_KEY] })).status, 200)
    t.is((await sendRequest(envoy.port, { host, path: '/api/health' })).status, 200)
  })
}

for (const path of ['/', '/v2/', '/docs', '/API/flows', '/apis', '/api;/flows']) {
  test.serial(`there is nothing but the API: ${path}`, async (t) => {
    const { envoy } = await stack()
    t.is((await sendRequest(envoy.port, { path, headers: [WITH_KEY] })).status, 404)
  })
}

test.serial('Fetch standard: a preflight passes without a credential, and no other OPTIONS does', async (t) => {
  const { envoy } = await stack()
  const origin = ['origin', 'https://app.example.com'] as const
  const method = ['access-control-request-method', 'POST'] as const
  const ask = async (headers: readonly (readonly [string, string])[]) =>
    (await sendRequest(envoy.port, { method: 'OPTIONS', path: '/api/flows/filter', headers })).status
  t.is(await ask([origin, method]), 200)
  t.is(await ask([origin]), 401)
  t.is(await ask([method]), 401)
})

test.serial('xff_num_trusted_hops: the way here is for the edge to tell; what steers Envoy is not', async (t) => {
  const { envoy } = await stack()
  const headers = [
    WITH_KEY,
    ['x-forwarded-for', '203.0.113.9, 198.51.100.7'],
    ['x-forwarded-proto', 'https'],
    ['x-request-id', '5d6f0f3c-0d6c-4c1b-9a55-8a1f4c3b2e10'],
    ['x-envoy-retry-on', '5xx'],
    ['x-envoy-upstream-rq-timeout-ms', '600000'],
  ] as const
  const { seen } = await sendRequest(envoy.port, { path: '/api/flows', headers })
  const lines = new Map(seen?.headers)
  t.regex(lines.get('x-forwarded-for') ?? '', /^203\.0\.113\.9, ?198\.51\.100\.7, ?[\d.]+$/)
  t.is(lines.get('x-forwarded-proto'), 'https')
  t.is(lines.get('x-request-id'), '5d6f0f3c-0d6c-4c1b-9a55-8a1f4c3b2e10')
  t.false(lines.has('x-envoy-retry-on'))
  t.is(lines.get('x-envoy-expected-rq-timeout-ms'), '60000')
})
