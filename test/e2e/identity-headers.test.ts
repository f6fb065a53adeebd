import test from 'ava'
import { eachBootstrap } from './each-bootstrap.ts'
import { CI, FORGED, toIdentityLines } from './identity-lines.ts'
import { sendRequest } from './send-request.ts'
import { startStack, WITH_KEY } from './start-stack.ts'

const UNDERSCORED = [
  ['x_auth_request_user', 'root'],
  ['x-auth_request-issuer', 'me'],
] as const

eachBootstrap(({ name, host, stack }) => {
  test.serial(`${name}: the service learns who called, and not with what credential`, async (t) => {
    const { envoy } = await stack()
    t.deepEqual(
      toIdentityLines((await sendRequest(envoy.port, { host, path: '/api/flows', headers: [WITH_KEY] })).seen),
      CI,
    )
  })

  test.serial(`${name}: CVE-2026-39858: nothing that a client says about itself reaches the service`, async (t) => {
    const { envoy } = await stack()
    const headers = [WITH_KEY, ...FORGED]
    t.deepEqual(toIdentityLines((await sendRequest(envoy.port, { host, path: '/api/flows', headers })).seen), CI)
  })

  for (const path of ['/api/health', '/api/ready']) {
    test.serial(`${name}: CVE-2026-86863: nor does it on ${path}, where the gate is not asked`, async (t) => {
      const { envoy } = await stack()
      const headers = [WITH_KEY, ...FORGED]
      t.deepEqual(toIdentityLines((await sendRequest(envoy.port, { host, path, headers })).seen), [])
    })
  }

  for (const line of UNDERSCORED) {
    test.serial(`${name}: CVE-2025-64484: a request with the header ${line[0]} is refused`, async (t) => {
      const { envoy } = await stack()
      const headers = [WITH_KEY, line]
      t.is((await sendRequest(envoy.port, { host, path: '/api/flows', headers })).status, 400)
      t.is((await sendRequest(envoy.port, { host, path: '/api/health', headers })).status, 400)
    })
  }
})

test.serial('allowed_headers: the gate removes every spelling on its own, should Envoy let them pass', async (t) => {
  const { envoy, close } = await startStack('front-proxy', {
    bootstrap: ({ static_resources: { listeners } }) => {
      const connections = listeners[0]?.filter_chains[0]?.filters[0]?.typed_config
      delete connections?.['early_header_mutation_extensions']
      delete connections?.['common_http_protocol_options']
    },
  })
  t.teardown(close)
  // The policy names no e-mail header, so the gate knows none.
  const headers = [WITH_KEY, ...FORGED.filter(([name]) => !name.includes('email')), ...UNDERSCORED]
  const request = { host: 'api.prefect.example.com', path: '/api/flows', headers }
  t.deepEqual(toIdentityLines((await sendRequest(envoy.port, request)).seen), CI)
})
