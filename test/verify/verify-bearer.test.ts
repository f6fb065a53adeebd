import test, { type ExecutionContext } from 'ava'
import { configSchema, type IssuerConfig } from '../../src/config/schema.ts'
import type { Accept, Verification } from '../../src/core/ports.ts'
import { toDigest } from '../../src/key/digest.ts'
import { mintSecret } from '../../src/key/mint.ts'
import type { KeyRecord } from '../../src/sources/key-record.ts'
import { createIssuer, type Issuer } from '../../src/verify/issuer.ts'
import { createTokenCache } from '../../src/verify/token-cache.ts'
import { createVerifyBearer, type VerifyBearer } from '../../src/verify/verify-bearer.ts'
import { json, listenEndpoint } from '../fixtures/key-endpoint.ts'
import { createRecorder } from '../fixtures/recorder.ts'
import { makeSigningKey } from '../fixtures/signing-key.ts'

const NOW = Date.UTC(2030, 0, 1)
const SECONDS = NOW / 1000
const ISSUER = 'https://id.example.com/'
const signer = await makeSigningKey('one')
const other = await makeSigningKey('two')

const claims = { iss: ISSUER, aud: 'api', sub: 'svc', iat: SECONDS - 10, exp: SECONDS + 3600 }

interface World {
  readonly verify: VerifyBearer
  readonly issuer: Issuer
  readonly clock: { now: number }
  readonly lookups: readonly string[]
  readonly keys: Map<string, KeyRecord>
  readonly isComplete: { value: boolean }
  readonly serve: (...jwks: readonly unknown[]) => Promise<void>
}

const open = async (
  t: ExecutionContext,
  settings: Partial<Record<keyof IssuerConfig, unknown>> = {},
): Promise<World> => {
  const endpoint = await listenEndpoint(t, json({ keys: [signer.jwk] }))
  const file = configSchema.parse({
    issuers: [{ issuer: ISSUER, audiences: ['api'], jwksUri: endpoint.url, ...settings }],
    routes: [{ rule: 'bearer' }],
  })
  const clock = { now: NOW }
  const { observer, lookups } = createRecorder()
  const issuer = createIssuer(file.issuers[0] as IssuerConfig, {
    now: () => clock.now,
    elapsed: () => clock.now,
    observer,
  })
  t.teardown(issuer.keys.close)
  await issuer.keys.jwkSet.refresh()
  const keys = new Map<string, KeyRecord>()
  const isComplete = { value: true }
  const verify = createVerifyBearer({
    keys: { find: (digest) => keys.get(digest), lookUp: undefined, isComplete: () => isComplete.value },
    issuers: new Map([[ISSUER, issuer]]),
    authorities: [],
    tokens: createTokenCache({ max: 10, now: () => clock.now, onLookup: observer.cached }),
    now: () => clock.now,
  })
  const serve = async (...jwks: readonly unknown[]): Promise<void> => {
    endpoint.answer = json({ keys: jwks })
    await issuer.keys.jwkSet.refresh()
  }
  return { verify, issuer, clock, lookups, keys, isComplete, serve }
}

const ASKED = { host: 'api.example.com' }
const ALL: Accept = { keys: true, issuers: new Set([ISSUER]) }

const tell = (verification: Verification): string =>
  verification.kind === 'verified' ? verification.principal.subject : `${verification.kind} ${verification.reason}`

const ask = async ({ verify }: World, token: string, accept: Accept = ALL): Promise<string> =>
  tell(await verify({ kind: 'bearer', token }, accept, ASKED))

test('a verified token has its subject, issuer, scopes and claims', async (t) => {
  const world = await open(t)
  const token = await signer.sign({ ...claims, scope: 'a b', team: 'x' })
  const verification = await world.verify({ kind: 'bearer', token }, ALL, ASKED)
  t.deepEqual(verification, {
    kind: 'verified',
    principal: {
      kind: 'token',
      subject: 'svc',
      issuer: ISSUER,
      scopes: ['a', 'b'],
      claims: new Map(Object.entries({ ...claims, scope: 'a b', team: 'x' })),
    },
    expiresAt: NOW + 3_600_000 + 30_000,
  })
})

const judged = test.macro({
  exec: async (
    t,
    change: Record<string, unknown>,
    expected: string,
    header: Record<string, unknown> = {},
    settings: Partial<Record<keyof IssuerConfig, unknown>> = {},
  ) => {
    const world = await open(t, settings)
    t.is(await ask(world, await signer.sign({ ...claims, ...change }, header)), expected)
  },
  title: (title) => `${title}`,
})

test('RFC 7519 §4.1.4: expired less than the tolerance ago', judged, { exp: SECONDS - 29 }, 'svc')
test('RFC 7519 §4.1.4: expired, tolerance included', judged, { exp: SECONDS - 30 }, 'rejected expired_token')
test('RFC 7519 §4.1.5: nbf within the tolerance', judged, { nbf: SECONDS + 30 }, 'svc')
test('RFC 7519 §4.1.5: nbf beyond the tolerance', judged, { nbf: SECONDS + 31 }, 'rejected premature_token')
test('RFC 7519 §4.1.6: iat within the tolerance', judged, { iat: SECONDS + 30 }, 'svc')
test('RFC 7519 §4.1.6: iat beyond the tolerance', judged, { iat: SECONDS + 31 }, 'rejected premature_token')
test('RFC 7519 §2: an iat that is no number', judged, { iat: 'today' }, 'rejected claim_refused')
test('RFC 7519 §4.1.3: another audience', judged, { aud: ['apis', 'ap'] }, 'rejected wrong_audience')
test('RFC 8725 §3.8: another issuer', judged, { iss: 'https://id.example.com' }, 'rejected issuer_not_accepted')
test('RFC 8725 §3.8: an issuer that is no text', judged, { iss: [ISSUER] }, 'rejected issuer_not_accepted')
test('RFC 8725 §3.11: a type made for another use', judged, {}, 'rejected type_not_allowed', { typ: 'logout+jwt' })
test('RFC 7515 §4.1.9: the long form of a type, in capitals', judged, {}, 'svc', { typ: 'APPLICATION/AT+JWT' })
test('RFC 7515 §4.1.9: a type that is no text', judged, {}, 'rejected malformed_token', { typ: 7 })
test('RFC 7515 §4.1.4: a kid that is no text', judged, {}, 'rejected malformed_token', { kid: 1 })
test('RFC 8725 §3.11: a type that is called absent', judged, {}, 'rejected type_not_allowed', { typ: 'absent' })
test('a token without type, by default', judged, {}, 'svc', { typ: undefined })
test(
  'a token without type, where types are narrowed',
  judged,
  {},
  'rejected type_not_allowed',
  { typ: undefined },
  { types: ['at+jwt'] },
)
test('OpenID Connect Core §2: an ID token', judged, { nonce: 'n' }, 'rejected type_not_allowed', { typ: 'JWT' })
test('OpenID Connect Core §3.1.3.6: an ID token by at_hash', judged, { at_hash: 'h' }, 'rejected type_not_allowed', {
  typ: undefined,
})
test('RFC 9068 §2.1: an access token that echoes a nonce', judged, { nonce: 'n' }, 'svc')
test('RFC 7800 §3.1: a sender-constrained token', judged, { cnf: { jkt: 'x' } }, 'rejected sender_constrained')
test('RFC 7515 §4.1.11: a critical extension', judged, {}, 'rejected malformed_token', { crit: ['x'], x: 1 })
test('a subject that is empty', judged, { sub: '' }, 'rejected claim_refused')
test('a subject that is a number', judged, { sub: 7 }, 'rejected claim_refused')
test('CVE-2023-27493: a subject with a line break', judged, { sub: 'a\r\nb' }, 'rejected claim_refused')
test('a required claim that is missing', judged, {}, 'rejected claim_refused', {}, { requiredClaims: ['tenant'] })
test('a required claim that is there', judged, { tenant: 'a' }, 'svc', {}, { requiredClaims: ['tenant'] })
test(
  'CWE-1321: a required claim that every object inherits',
  judged,
  {},
  'rejected claim_refused',
  {},
  { requiredClaims: ['toString'] },
)
test('the subject of another claim', judged, { client_id: 'app' }, 'app', {}, { subjectClaim: 'client_id' })
test(
  'CWE-1321: a subject that every object inherits',
  judged,
  {},
  'rejected claim_refused',
  {},
  { subjectClaim: 'constructor' },
)
test(
  'an algorithm that the issuer may not use',
  judged,
  {},
  'rejected algorithm_not_allowed',
  {},
  { algorithms: ['RS256'] },
)
test(
  'a token older than its greatest age',
  judged,
  { iat: SECONDS - 91 },
  'rejected expired_token',
  {},
  { maxTokenAge: '1m' },
)
test('a token within its greatest age', judged, { iat: SECONDS - 89 }, 'svc', {}, { maxTokenAge: '1m' })
test(
  'a token without iat where an age is asked for',
  judged,
  { iat: undefined },
  'rejected claim_refused',
  {},
  { maxTokenAge: '1m' },
)

const scopesOf = async (
  t: ExecutionContext,
  change: Record<string, unknown>,
  scopeClaim?: string,
): Promise<unknown> => {
  const world = await open(t, scopeClaim === undefined ? {} : { scopeClaim })
  const verification = await world.verify(
    { kind: 'bearer', token: await signer.sign({ ...claims, ...change }) },
    ALL,
    ASKED,
  )
  return verification.kind === 'verified' && verification.principal.scopes
}

test('scopes are a text with spaces or a list; scope comes before scp; what is no scope is left out', async (t) => {
  t.deepEqual(await scopesOf(t, { scope: 'a  b' }), ['a', 'b'])
  t.deepEqual(await scopesOf(t, { scp: ['a', 'b', 7, 'c d', 'é', '"'] }), ['a', 'b'])
  t.deepEqual(await scopesOf(t, { scope: 'a', scp: ['b'] }), ['a'])
  t.deepEqual(await scopesOf(t, { scope: 'a', roles: ['b'] }, 'roles'), ['b'])
  t.deepEqual(await scopesOf(t, { scope: { a: 1 } }), [])
})

test('a token seen before is answered from the cache until it expires', async (t) => {
  const world = await open(t)
  const token = await signer.sign(claims)
  t.is(await ask(world, token), 'svc')
  t.is(await ask(world, token), 'svc')
  t.deepEqual(world.lookups, ['miss', 'hit'])
  world.clock.now = NOW + 3_600_000 + 30_000
  t.is(await ask(world, token), 'rejected expired_token')
  t.deepEqual(world.lookups, ['miss', 'hit', 'miss'])
})

test('CVE-2026-35039: the whole token is what is remembered', async (t) => {
  const world = await open(t)
  const token = await signer.sign(claims)
  t.is(await ask(world, token), 'svc')
  const [header, payload] = token.split('.')
  const [, , signature] = (await signer.sign({ ...claims, sub: 'root' })).split('.')
  t.is(await ask(world, [header, payload, signature].join('.')), 'rejected bad_signature')
})

test('RFC 8725 §3.8: a token that is remembered is good where its issuer is accepted, and nowhere else', async (t) => {
  const world = await open(t)
  const token = await signer.sign(claims)
  t.is(await ask(world, token), 'svc')
  t.is(
    await ask(world, token, { keys: true, issuers: new Set(['https://b.example.com/']) }),
    'rejected issuer_not_accepted',
  )
  t.is(await ask(world, token, { keys: true, issuers: new Set() }), 'rejected issuer_not_accepted')
  t.deepEqual(world.lookups, ['miss'])
})

test('a token that is remembered is answered at once, and is refused when it has become a key', async (t) => {
  const world = await open(t)
  const token = await signer.sign(claims)
  t.is(await ask(world, token), 'svc')
  const answer = world.verify({ kind: 'bearer', token }, ALL, ASKED)
  t.is(tell(answer as Verification), 'svc')
  world.keys.set(...keyOf(token))
  t.is(await ask(world, token, { keys: false, issuers: new Set([ISSUER]) }), 'rejected key_not_accepted')
})

test('a token that is refused for what it claims costs no look at its signature, nor at the keys', async (t) => {
  const world = await open(t)
  const token = await signer.sign({ ...claims, exp: SECONDS - 60 }, { kid: 'made-up' })
  const [header, payload, signature = ''] = token.split('.')
  t.is(await ask(world, token), 'rejected expired_token')
  t.is(await ask(world, [header, payload, `A${signature.slice(1)}`].join('.')), 'rejected expired_token')
})

test('a token of a withdrawn key is refused from the next refresh on, though it was remembered', async (t) => {
  const world = await open(t)
  const token = await signer.sign(claims)
  t.is(await ask(world, token), 'svc')
  await world.serve(other.jwk)
  t.is(await ask(world, token), 'rejected unknown_signing_key')
})

test('a remembered token is an outage once the JWK Set is too old', async (t) => {
  const world = await open(t, { maxStale: '1m' })
  const token = await signer.sign(claims)
  t.is(await ask(world, token), 'svc')
  world.clock.now += 60_001
  t.is(await ask(world, token), 'unavailable jwk_set_unavailable')
})

test('only what was verified is remembered', async (t) => {
  const world = await open(t)
  const token = await signer.sign({ ...claims, aud: 'other' })
  t.is(await ask(world, token), 'rejected wrong_audience')
  t.is(await ask(world, token), 'rejected wrong_audience')
  t.deepEqual(world.lookups, ['miss', 'miss'])
})

const keyOf = (secret: string, record: Partial<KeyRecord> = {}): [string, KeyRecord] => {
  const digest = toDigest(secret)
  return [digest, { id: 'ci', digest, scopes: ['a'], disabled: false, ...record }]
}

test('a key is looked up by the digest of the whole secret', async (t) => {
  const world = await open(t)
  const secret = mintSecret()
  world.keys.set(...keyOf(secret))
  t.is(await ask(world, secret), 'ci')
  t.is(await ask(world, toDigest(secret)), 'rejected unknown_key')
  t.is(await ask(world, `${secret}=`), 'rejected mistyped_key')
  t.is(await ask(world, secret.slice(0, -1)), 'rejected mistyped_key')
  t.is(await ask(world, mintSecret()), 'rejected unknown_key')
  t.is(await ask(world, secret, { keys: false, issuers: new Set([ISSUER]) }), 'rejected key_not_accepted')
})

test('a key is refused from its expiry on, and while it is disabled; the log learns its id', async (t) => {
  const world = await open(t)
  world.keys.set(...keyOf('the-first-key-of-all', { expires: NOW + 1 }))
  world.keys.set(...keyOf('the-other-key-of-all', { disabled: true, expires: NOW - 1 }))
  t.is(await ask(world, 'the-first-key-of-all'), 'ci')
  world.clock.now += 1
  t.deepEqual(await world.verify({ kind: 'bearer', token: 'the-first-key-of-all' }, ALL, ASKED), {
    kind: 'rejected',
    reason: 'expired_key',
    keyId: 'ci',
  })
  t.is(await ask(world, 'the-other-key-of-all'), 'rejected disabled_key')
})

test('a key of JWS form is a key', async (t) => {
  const world = await open(t)
  const token = await other.sign({ ...claims, iss: 'https://elsewhere.example.com/' })
  t.is(await ask(world, token), 'rejected issuer_not_accepted')
  world.keys.set(...keyOf(token))
  t.is(await ask(world, token), 'ci')
})

test('while a key source was never read an unknown key is an outage; a token is judged all the same', async (t) => {
  const world = await open(t)
  world.isComplete.value = false
  t.is(await ask(world, 'some-key-of-somebody'), 'unavailable keys_unavailable')
  t.is(await ask(world, 'some-key-of-somebody', { keys: false, issuers: new Set([ISSUER]) }), 'rejected unknown_key')
  t.is(await ask(world, await signer.sign(claims)), 'svc')
})

test('RFC 7515 §2: parts with padding, white space or stray bits are no JWS', async (t) => {
  const world = await open(t)
  const token = await signer.sign(claims)
  const [header = '', payload = '', signature = ''] = token.split('.')
  const strayed = signature.slice(0, -1) + String.fromCharCode(signature.charCodeAt(signature.length - 1) + 1)
  for (const text of [
    `${header}.${payload}.${signature}==`,
    `${header}.${payload}=.${signature}`,
    `${header}.${payload}.${strayed}`,
    `${header}.${payload}.`,
    `${header}.${payload}`,
    `${token}.${signature}`,
    `${header}+.${payload}.${signature}`,
  ]) {
    t.is(await ask(world, text), 'rejected unknown_key', text)
  }
})

test('a payload that is no JSON object, or no UTF-8, is a malformed token', async (t) => {
  const world = await open(t)
  const [header, , signature] = (await signer.sign(claims)).split('.')
  for (const payload of ['[]', 'null', '"text"', '{', '{"iss":"\xff"}']) {
    const text = [header, Buffer.from(payload, 'latin1').toString('base64url'), signature].join('.')
    t.is(await ask(world, text), 'rejected malformed_token', payload)
  }
})
