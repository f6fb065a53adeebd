import test, { type ExecutionContext } from 'ava'
import { introspectionSchema } from '../../src/config/introspection-schema.ts'
import type { Accept, Verification } from '../../src/core/ports.ts'
import { toDigest } from '../../src/key/digest.ts'
import { mintSecret } from '../../src/key/mint.ts'
import type { KeyRecord } from '../../src/sources/key-record.ts'
import type { KeyLookup } from '../../src/sources/key-source.ts'
import { createIntrospection } from '../../src/verify/introspection.ts'
import { createTokenCache } from '../../src/verify/token-cache.ts'
import { createVerifyBearer } from '../../src/verify/verify-bearer.ts'
import { listenIntrospection } from '../fixtures/introspection-endpoint.ts'
import { json } from '../fixtures/key-endpoint.ts'
import { createRecorder } from '../fixtures/recorder.ts'
import { makeSigningKey } from '../fixtures/signing-key.ts'

const FIRST = 'https://first.example.com/'
const SECOND = 'https://second.example.com/'
const OPAQUE = 'an-opaque-token-of-somebody'
const signer = await makeSigningKey('one')

const record = (id: string): KeyRecord => ({ id, digest: '', scopes: [], disabled: false })

/** Two servers; the second is asked about its JWTs as well. Keys in memory, and in a source that is asked. */
const open = async (t: ExecutionContext, max = 0) => {
  const endpoints = { first: await listenIntrospection(t), second: await listenIntrospection(t) }
  const { observer } = createRecorder()
  const createAuthority = (issuer: string, endpoint: string, jwts: boolean) => {
    const settings = {
      issuer,
      endpoint,
      jwts,
      clientId: 'gate',
      clientSecretFile: 's',
      audiences: ['api'],
      timeout: '30s',
    }
    return createIntrospection(introspectionSchema.parse(settings), 's', {
      max: 10,
      now: Date.now,
      elapsed: () => performance.now(),
      observer,
    })
  }
  const keys = new Map<string, KeyRecord>()
  const state = { isComplete: true, lookup: { kind: 'unknown' } as KeyLookup, lookups: 0, local: 'verified' }
  const local = (): Verification =>
    state.local === 'verified'
      ? {
          kind: 'verified',
          principal: { kind: 'token', subject: 'local', issuer: SECOND, scopes: [], claims: new Map() },
          expiresAt: Date.now() + 60_000,
        }
      : { kind: 'rejected', reason: 'bad_signature' }
  const issuers = new Map()
  const verify = createVerifyBearer({
    keys: {
      find: (digest) => keys.get(digest),
      lookUp: async () => {
        state.lookups += 1
        return state.lookup
      },
      isComplete: () => state.isComplete,
    },
    issuers,
    authorities: [
      createAuthority(FIRST, endpoints.first.url, false),
      createAuthority(SECOND, endpoints.second.url, true),
    ],
    tokens: createTokenCache({ max, now: Date.now, onLookup: observer.cached }),
    now: Date.now,
  })
  const ask = async (token: string, accepted: readonly string[] = [FIRST, SECOND], keys = true): Promise<string> => {
    const accept: Accept = { keys, issuers: new Set(accepted) }
    const answer = await verify({ kind: 'bearer', token }, accept, { host: 'api.example.com' })
    return answer.kind === 'verified' ? answer.principal.subject : `${answer.kind} ${answer.reason}`
  }
  const verifyLocally = () =>
    issuers.set(SECOND, {
      config: { issuer: SECOND },
      keys: { jwkSet: { version: () => 1 } },
      verify: async () => local(),
    })
  const asked = () => [endpoints.first.tokens(), endpoints.second.tokens()]
  return { ...endpoints, keys, state, ask, asked, verifyLocally }
}

const active = (sub: string) => () => ({ active: true, sub, aud: 'api' })

test('an opaque token is shown to those that the route accepts, and to nobody else', async (t) => {
  const { ask, second, asked } = await open(t)
  second.say = active('svc')
  t.is(await ask(OPAQUE, [FIRST]), 'rejected inactive_token')
  t.deepEqual(asked(), [[OPAQUE], []])
  t.is(await ask(OPAQUE, []), 'rejected unknown_key')
  t.is(await ask(OPAQUE), 'svc', 'whoever says yes is believed')
})

test('one of two servers is away: a no of the other is no denial', async (t) => {
  const { ask, first, second } = await open(t)
  first.answer = json({}, 500)
  t.is(await ask('unknown-to-both'), 'unavailable introspection_unavailable')
  second.say = active('svc')
  t.is(await ask(OPAQUE), 'svc')
})

test('no API key of ours is shown to a server: known, of our form, or in a source that is away', async (t) => {
  const { ask, asked, keys, state } = await open(t)
  const key = 'a-key-of-somebody-else-0123'
  keys.set(toDigest(key), record('ci'))
  t.is(await ask(key), 'ci')
  t.is(await ask(key, [FIRST], false), 'rejected key_not_accepted')
  const minted = mintSecret()
  t.is(await ask(minted), 'rejected unknown_key')
  t.is(await ask(`${minted.slice(0, -1)}?`), 'rejected mistyped_key')
  state.lookup = { kind: 'found', record: record('kept') }
  t.is(await ask('a-key-that-is-looked-up'), 'kept')
  t.is(await ask('a-key-that-is-looked-up', [FIRST], false), 'rejected key_not_accepted')
  state.lookup = { kind: 'unavailable' }
  t.is(await ask(OPAQUE), 'unavailable keys_unavailable')
  state.lookup = { kind: 'unknown' }
  state.isComplete = false
  t.is(await ask(OPAQUE), 'unavailable keys_unavailable')
  t.deepEqual(asked(), [[], []])
  state.isComplete = true
  t.is(await ask(OPAQUE), 'rejected inactive_token')
  t.deepEqual(asked(), [[OPAQUE], [OPAQUE]])
})

test('a token that a server called good is not looked up among the keys again', async (t) => {
  const { ask, first, state } = await open(t)
  first.say = active('svc')
  t.is(await ask(OPAQUE, [FIRST]), 'svc')
  const { lookups } = state
  t.is(await ask(OPAQUE, [FIRST]), 'svc')
  t.is(state.lookups, lookups)
})

test('RFC 8725 §3.8: a JWT is shown to the server it names, where that is asked about JWTs', async (t) => {
  const { ask, asked, second, state } = await open(t)
  const [first, mine, other] = await Promise.all(
    [FIRST, SECOND, 'https://evil.example.com/'].map((iss) => signer.sign({ iss, aud: 'api', sub: 'a' })),
  )
  second.say = active('svc')
  t.is(await ask(first ?? ''), 'rejected issuer_not_accepted')
  t.is(await ask(other ?? ''), 'rejected issuer_not_accepted')
  t.is(await ask(mine ?? '', [FIRST]), 'rejected issuer_not_accepted')
  t.deepEqual(asked(), [[], []])
  state.lookup = { kind: 'unavailable' }
  t.is(await ask(mine ?? ''), 'svc')
  t.deepEqual(asked(), [[], [mine]])
})

test('a JWT of an issuer with a JWK Set is verified first, and asked about when its signature is good', async (t) => {
  const { ask, second, asked, state, verifyLocally } = await open(t)
  verifyLocally()
  const [good, bad, revoked] = await Promise.all(
    ['good', 'bad', 'revoked'].map((jti) => signer.sign({ iss: SECOND, aud: 'api', sub: 'a', jti })),
  )
  second.say = (token) => (token === revoked ? undefined : active('svc')())
  t.is(await ask(good ?? ''), 'local', 'who it is says the signed token')
  t.is(await ask(revoked ?? ''), 'rejected inactive_token')
  state.local = 'rejected'
  t.is(await ask(bad ?? ''), 'rejected bad_signature')
  t.deepEqual(asked(), [[], [good, revoked]])
  state.local = 'verified'
  second.answer = json({}, 500)
  t.is(await ask(bad ?? ''), 'unavailable introspection_unavailable')
})

test('a JWT that is remembered is asked about all the same, by those that the route accepts', async (t) => {
  const { ask, second, asked, verifyLocally } = await open(t, 10)
  verifyLocally()
  const token = await signer.sign({ iss: SECOND, aud: 'api', sub: 'a' })
  second.say = () => undefined
  t.is(await ask(token), 'rejected inactive_token')
  t.is(await ask(token), 'rejected inactive_token')
  t.is(await ask(token, [FIRST]), 'rejected issuer_not_accepted')
  second.say = active('svc')
  const other = await signer.sign({ iss: SECOND, aud: 'api', sub: 'b' })
  t.is(await ask(other), 'local')
  t.is(await ask(other), 'local')
  t.deepEqual(asked(), [[], [token, other]])
})
