import test from 'ava'
import { json, listenEndpoint } from '../fixtures/key-endpoint.ts'
import { makeSigningKey } from '../fixtures/signing-key.ts'
import { startEchoUpstream } from './echo-upstream.ts'
import { setAddresses } from './read-bootstrap.ts'
import { readExample, takePolicy } from './read-example.ts'
import { sendRequest } from './send-request.ts'
import { startEnvoy } from './start-envoy.ts'
import { startGate } from './start-gate.ts'

const HOST = 'mcp.example.com'
const RESOURCE = 'https://mcp.example.com/mcp'
const ISSUER = 'https://id.example.com/'

test('RFC 9728 §5: from a 401 a client finds the metadata, through Envoy, and its token opens the server', async (t) => {
  const signer = await makeSigningKey('one')
  const jwks = await listenEndpoint(t, json({ keys: [signer.jwk] }))
  const { bootstrap, policy } = readExample('envoy-mcp')
  const issuers = [{ issuer: ISSUER, audiences: [RESOURCE], jwksUri: jwks.url }]
  const gate = await startGate('one-host', {}, takePolicy({ ...policy, issuers }))
  t.teardown(gate.close)
  const ops = gate.lines().flatMap((line) => /"ops":"([^"]+)"/.exec(line)?.[1] ?? [])
  const service = await startEchoUpstream()
  t.teardown(service.close)
  setAddresses(bootstrap, { service: [`127.0.0.1:${service.port}`], bearergate: [gate.address], metadata: ops })
  const envoy = await startEnvoy(bootstrap)
  t.teardown(envoy.close)
  const ask = (method: string, path: string, headers: readonly (readonly [string, string])[] = []) =>
    sendRequest(envoy.port, { method, host: HOST, path, headers })

  const refused = await ask('POST', '/mcp')
  t.is(refused.status, 401)
  const place = /resource_metadata="([^"]+)"/.exec(refused.headers['www-authenticate'] ?? '')?.[1] ?? ''
  t.is(place, 'https://mcp.example.com/.well-known/oauth-protected-resource/mcp')
  const metadata = await ask('GET', new URL(place).pathname)
  t.is(metadata.status, 200)
  t.deepEqual(JSON.parse(metadata.body), {
    resource: RESOURCE,
    authorization_servers: [ISSUER],
    scopes_supported: ['mcp.read'],
    bearer_methods_supported: ['header'],
    resource_name: 'Notes',
  })

  const times = { iat: Math.floor(Date.now() / 1000), exp: Math.floor(Date.now() / 1000) + 300 }
  const claims = { iss: ISSUER, sub: 'alice', ...times }
  const withToken = async (more: object) =>
    [['authorization', `Bearer ${await signer.sign({ ...claims, ...more })}`]] as const
  const good = await ask('POST', '/mcp', await withToken({ aud: RESOURCE, scope: 'mcp.read' }))
  t.is(good.status, 200)
  t.true(good.seen?.headers.some(([name, value]) => name === 'x-auth-request-user' && value === 'alice'))
  t.is((await ask('POST', '/mcp', await withToken({ aud: `${RESOURCE}/`, scope: 'mcp.read' }))).status, 401)
  const narrow = await ask('POST', '/mcp', await withToken({ aud: RESOURCE }))
  t.is(narrow.status, 403)
  t.regex(narrow.headers['www-authenticate'] ?? '', /error="insufficient_scope".*scope="mcp.read", resource_metadata="/)

  // Of the ops listener clients see the metadata alone.
  for (const path of [
    ...['/metrics', '/readyz', '/.well-known/oauth-protected-resource/../../metrics'],
    ...['/.well-known/oauth-protected-resource/mcp/../../../metrics', '/.well-known/oauth-protected-resource/%2e%2e/x'],
    ...['/.well-known/oauth-protected-resource/..%2f..%2fmetrics', '/.well-known/oauth-protected-resource'],
    '/.well-known/oauth-protected-resource/other',
  ]) {
    const { status, body } = await ask('GET', path)
    t.true(status >= 400, `${path}: ${status}`)
    t.false(body.includes('bearergate_'), path)
  }
  t.is((await ask('POST', new URL(place).pathname)).status, 403)
})
