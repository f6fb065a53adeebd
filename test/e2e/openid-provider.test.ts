import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { eventually } from '../fixtures/eventually.ts'
import { makeFolder } from '../fixtures/folder.ts'
import { CLIENTS, RESOURCES, startOpenIdProvider } from '../fixtures/openid-provider.ts'
import { toIdentityLines } from './identity-lines.ts'
import { sendRequest } from './send-request.ts'
import { startStack } from './start-stack.ts'

const TO_API = { host: 'api.prefect.example.com', path: '/api/flows' }

test('a real OpenID provider: its JWTs and its opaque tokens pass through Envoy, and a revoked one is refused soon', async (t) => {
  const provider = await startOpenIdProvider()
  t.teardown(provider.close)
  const secretFile = join(makeFolder(t), 'secret')
  writeFileSync(secretFile, `${CLIENTS.gate.client_secret}\n`)
  const { issuer } = provider
  const { envoy, close } = await startStack('front-proxy', {
    policy: (policy) => {
      policy['issuers'] = [{ issuer, audiences: [RESOURCES.jwt] }]
      policy['introspection'] = [
        {
          ...{ issuer, endpoint: `${issuer}/token/introspection`, clientId: 'gate', clientSecretFile: secretFile },
          // A token of a client alone has no subject with this provider.
          ...{ audiences: [RESOURCES.opaque], subjectClaim: ['sub', 'client_id'], cacheFor: '1s', timeout: '30s' },
        },
      ]
    },
  })
  t.teardown(close)
  const [jwt, opaque] = [await provider.requestToken(RESOURCES.jwt), await provider.requestToken(RESOURCES.opaque)]
  t.deepEqual([jwt.split('.').length, opaque.split('.').length], [3, 1])
  const ask = (token: string) => sendRequest(envoy.port, { ...TO_API, headers: [['authorization', `Bearer ${token}`]] })

  for (const token of [jwt, opaque]) {
    // Envoy gives a check a second, and a busy machine may need more for the first answer of the provider.
    t.true(await eventually(async () => (await ask(token)).status === 200, 20_000))
    t.deepEqual(toIdentityLines((await ask(token)).seen), [
      ['x-auth-request-user', 'machine'],
      ['x-auth-request-issuer', issuer],
      ['x-auth-request-scopes', 'flow.read'],
    ])
  }
  t.is((await ask(`${opaque}x`)).status, 401)
  t.is((await ask(await provider.requestToken('https://elsewhere.example.com'))).status, 401, 'another audience')

  await provider.revoke(opaque)
  t.true(await eventually(async () => (await ask(opaque)).status === 401, 20_000))
  t.is((await ask(jwt)).status, 200)
})
