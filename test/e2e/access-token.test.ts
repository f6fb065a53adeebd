import test from 'ava'
import { json, listenEndpoint } from '../fixtures/key-endpoint.ts'
import { makeSigningKey, type SigningKey } from '../fixtures/signing-key.ts'
import { FORGED, toIdentityLines } from './identity-lines.ts'
import { openWebsocket, sendRequest } from './send-request.ts'
import { startStack } from './start-stack.ts'

const ISSUER = 'https://id.example.com/'
const TO_API = { host: 'api.prefect.example.com', path: '/api/flows' }

const CALLER = [
  ['x-auth-request-user', 'svc-reports'],
  ['x-auth-request-issuer', ISSUER],
  ['x-auth-request-scopes', 'flow.read flow.write'],
]

/** A header with an access token that ends so many seconds from now. */
const withToken = async ({ sign }: SigningKey, seconds = 300): Promise<readonly ['authorization', string]> => {
  const now = Math.floor(Date.now() / 1000)
  const times = { iat: now - 600, exp: now + seconds }
  const claims = { iss: ISSUER, aud: 'prefect', sub: 'svc-reports', client_id: 'reports', jti: crypto.randomUUID() }
  return ['authorization', `Bearer ${await sign({ ...claims, ...times, scope: 'flow.read flow.write' })}`]
}

test('an access token passes through Envoy, and so does one whose key was published after the start', async (t) => {
  const first = await makeSigningKey('first')
  const second = await makeSigningKey('second')
  const jwks = await listenEndpoint(t, json({ keys: [first.jwk] }))
  const { envoy, close } = await startStack('front-proxy', {
    policy: (policy) => {
      policy['issuers'] = [{ issuer: ISSUER, audiences: ['prefect'], jwksUri: `${jwks.url}/jwks` }]
    },
  })
  t.teardown(close)

  const good = await sendRequest(envoy.port, { ...TO_API, headers: [await withToken(first), ...FORGED] })
  t.deepEqual(toIdentityLines(good.seen), CALLER)

  const expired = await sendRequest(envoy.port, { ...TO_API, headers: [await withToken(first, -300)] })
  t.is(expired.status, 401)
  t.regex(expired.headers['www-authenticate'] ?? '', /^Bearer realm="Prefect API", error="invalid_token"/)

  jwks.answer = json({ keys: [first.jwk, second.jwk] })
  const rotated = await sendRequest(envoy.port, { ...TO_API, headers: [await withToken(second)] })
  t.deepEqual(toIdentityLines(rotated.seen), CALLER)

  const handshake = await openWebsocket(envoy.port, { ...TO_API, headers: [await withToken(first)] })
  if (handshake.kind === 'refused') return t.fail(`refused with ${handshake.status}`)
  handshake.socket.destroy()
  t.deepEqual(toIdentityLines(handshake.seen), CALLER)
})
