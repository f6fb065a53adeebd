import test from 'ava'
import { shareStack } from './each-bootstrap.ts'
import { FORGED, toIdentityLines } from './identity-lines.ts'
import { openWebsocket, sendRequest } from './send-request.ts'
import { WITH_KEY } from './start-stack.ts'

const stack = shareStack('one-host')
const host = 'prefect.example.com'

const OPEN = [
  ['GET', '/'],
  ['HEAD', '/'],
  ['GET', '/v2'],
  ['GET', '/v2/'],
  ['GET', '/v2/assets/index-4f1c.js'],
  ['GET', '/v2/work-pools/work-pool/my%20pool'],
  ['GET', '/ico/favicon.ico'],
  ['GET', '/ui-settings'],
] as const

/** What is no part of the UI, and what could be read as a part of it and as something else. */
const CLOSED = [
  ['GET', '/docs', 403],
  ['GET', '/openapi.json', 403],
  ['GET', '/metrics', 403],
  ['GET', '/v2x', 403],
  ['GET', '/assets-private/x', 403],
  ['GET', '/API/flows', 403],
  ['GET', '/ui-settings/', 403],
  ['POST', '/v2/', 403],
  ['OPTIONS', '/v2/', 403],
  ['GET', '/v2/;x', 401],
  ['GET', '/v2/..;/api/flows', 401],
  ['GET', '/;/api/flows', 401],
  ['GET', '/api;/flows', 401],
  ['GET', '/v2/%2561', 401],
  ['GET', '/v2/%ff', 401],
  ['GET', '/assets/../api/flows', 401],
  ['GET', '/v2/%2e%2e/api/flows', 401],
] as const

for (const [method, path] of OPEN) {
  test.serial(`the UI is open: ${method} ${path}, and the service sees no credential and no identity`, async (t) => {
    const { envoy } = await stack()
    const { status, seen } = await sendRequest(envoy.port, { host, method, path, headers: [WITH_KEY, ...FORGED] })
    t.is(status, 200)
    t.is(seen?.path, path)
    t.deepEqual(toIdentityLines(seen), [])
  })
}

for (const [method, path, expected] of CLOSED) {
  test.serial(`what is not the UI is closed: ${method} ${path}`, async (t) => {
    const { envoy } = await stack()
    t.is((await sendRequest(envoy.port, { host, method, path })).status, expected)
  })
}

test.serial('no websocket opens on a path of the UI', async (t) => {
  const { envoy } = await stack()
  t.deepEqual(await openWebsocket(envoy.port, { host, path: '/v2/' }), { kind: 'refused', status: 403 })
})

test.serial('CVE-2021-39155: other hosts do not exist', async (t) => {
  const { envoy } = await stack()
  t.is((await sendRequest(envoy.port, { host: 'example.com', path: '/' })).status, 404)
})
