import test from 'ava'
import { toPolicy } from '../../src/config/policy.ts'
import { configSchema } from '../../src/config/schema.ts'
import { createGate } from '../../src/gate.ts'
import { eventually } from '../fixtures/eventually.ts'
import { json, listenEndpoint } from '../fixtures/key-endpoint.ts'
import { createRecorder } from '../fixtures/recorder.ts'
import { makeSigningKey } from '../fixtures/signing-key.ts'

const COUNT = 1_000
/** More than are asked at a time. */
const HANGING = 40

test('of a thousand issuers few are asked at a time, and those that hang delay no other', async (t) => {
  const signer = await makeSigningKey('one')
  let open = 0
  let most = 0
  const endpoint = await listenEndpoint(t, (request, response) => {
    open += 1
    most = Math.max(most, open)
    response.on('close', () => {
      open -= 1
    })
    const { pathname } = new URL(request.url ?? '', endpoint.url)
    const [, index = ''] = /^\/(\d+)\//.exec(pathname) ?? []
    if (Number(index) < HANGING) return
    const metadata = { issuer: `${endpoint.url}/${index}`, jwks_uri: `${endpoint.url}/${index}/keys` }
    json(pathname.endsWith('/keys') ? { keys: [signer.jwk] } : metadata)(request, response)
  })
  const file = configSchema.parse({
    issuers: Array.from({ length: COUNT }, (_, index) => ({ issuer: `${endpoint.url}/${index}`, audiences: ['api'] })),
    routes: [{ rule: 'bearer' }],
  })
  const { observer } = createRecorder()
  const gate = await createGate({ file, policy: toPolicy(file, new Map()), secrets: new Map() }, Date.now, observer)
  t.teardown(gate.close)

  const ask = async (index: number): Promise<string> => {
    const exp = Math.floor(Date.now() / 1000) + 60
    const token = await signer.sign({ iss: `${endpoint.url}/${index}`, aud: 'api', sub: 'svc', exp })
    const headers = new Map([['authorization', `Bearer ${token}`]])
    return (await gate.check({ method: 'GET', host: 'a', path: '/', headers })).kind
  }
  const loaded = () => gate.jwkSets().filter(({ loadedAt }) => loadedAt !== undefined).length
  t.true(await eventually(() => loaded() === COUNT - HANGING, 30_000), `${loaded()} loaded`)
  t.is(await ask(HANGING), 'ok')
  t.is(await ask(COUNT - 1), 'ok')
  t.is(await ask(0), 'error')
  // Those that hang are there for longer than they are counted.
  t.true(most <= 16 + HANGING, `${most} at a time`)
})
