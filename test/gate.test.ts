import test from 'ava'
import { toPolicy } from '../src/config/policy.ts'
import { configSchema } from '../src/config/schema.ts'
import { createGate } from '../src/gate.ts'
import { json, listenEndpoint } from './fixtures/key-endpoint.ts'
import { createRecorder } from './fixtures/recorder.ts'
import { makeSigningKey } from './fixtures/signing-key.ts'

const ISSUER = 'https://id.example.com/'

test('promise 4: another setting of an issuer that is away takes effect, with the keys that were fetched before', async (t) => {
  const signer = await makeSigningKey('one')
  const endpoint = await listenEndpoint(t, json({ keys: [signer.jwk] }))
  const toConfig = (settings: object) => {
    const issuers = [{ issuer: ISSUER, audiences: ['api'], jwksUri: endpoint.url, ...settings }]
    const file = configSchema.parse({ issuers, routes: [{ rule: 'bearer' }] })
    return { file, policy: toPolicy(file, new Map()), secrets: new Map<string, string>() }
  }
  const gate = await createGate(toConfig({}), Date.now, createRecorder().observer)
  t.teardown(gate.close)
  await gate.settled
  const ask = async (aud: string): Promise<string> => {
    const token = await signer.sign({ iss: ISSUER, aud, sub: 'svc', exp: Math.floor(Date.now() / 1000) + 60 })
    const headers = new Map([['authorization', `Bearer ${token}`]])
    return (await gate.check({ method: 'GET', host: 'a', path: '/', headers })).reason
  }
  t.deepEqual([await ask('api'), await ask('other')], ['verified', 'wrong_audience'])

  endpoint.answer = json({}, 500)
  await gate.reload(toConfig({ audiences: ['other'] }))
  t.deepEqual([await ask('api'), await ask('other')], ['wrong_audience', 'verified'])
  t.true(gate.canJudge())

  // Keys of another place are others: those that were fetched do not count for it.
  await gate.reload(toConfig({ audiences: ['other'], jwksUri: `${endpoint.url}/elsewhere` }))
  t.is(await ask('other'), 'jwk_set_unavailable')
})
