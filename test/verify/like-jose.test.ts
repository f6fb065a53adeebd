import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import test from 'ava'
import fc from 'fast-check'
import { createLocalJWKSet, type JWK, jwtVerify } from 'jose'
import { configSchema } from '../../src/config/schema.ts'
import { checkSignature } from '../../src/verify/check-signature.ts'
import { judgeClaims } from '../../src/verify/judge-claims.ts'
import { type Jws, own, parseJws } from '../../src/verify/jws.ts'
import { SIGNATURE_ALGORITHMS } from '../../src/verify/signature-algorithm.ts'
import { findSigningKey } from '../../src/verify/signing-key.ts'
import { toUsableKeys } from '../../src/verify/usable-keys.ts'

/** What we verify ourselves, jose verifies to the same end. */

const ISSUER = 'https://id.example.com/'
const [issuerDefaults] = configSchema.parse({
  issuers: [{ issuer: ISSUER, audiences: ['api'] }],
  routes: [{ rule: 'deny' }],
}).issuers
const ALGORITHMS: readonly string[] = issuerDefaults?.algorithms ?? []

interface Pair {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

const makePairs = (): ReadonlyMap<string, Pair> =>
  new Map<string, Pair>([
    ['rsa', generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['prime256v1', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
    ['secp384r1', generateKeyPairSync('ec', { namedCurve: 'P-384' })],
    ['secp521r1', generateKeyPairSync('ec', { namedCurve: 'P-521' })],
    ['ed25519', generateKeyPairSync('ed25519')],
  ])

const pairs = makePairs()
const otherPairs = makePairs()

const toSigner = (algorithm: string, from = pairs) => {
  const how = SIGNATURE_ALGORITHMS.get(algorithm)
  const pair = from.get(how?.curve ?? how?.type ?? '')
  if (!how || !pair) throw new Error(algorithm)
  return { ...how, ...pair }
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

const makeToken = (algorithm: string, header: object, claims: object, from = pairs): string => {
  const { hash, options, privateKey } = toSigner(algorithm, from)
  const signed = `${encode({ alg: algorithm, ...header })}.${encode(claims)}`
  return `${signed}.${sign(hash, Buffer.from(signed), { key: privateKey, ...options }).toString('base64url')}`
}

const isGoodForJose = async (...args: Parameters<typeof jwtVerify>): Promise<boolean> => {
  try {
    await jwtVerify(...args)
    return true
  } catch {
    return false
  }
}

const toJws = (token: string): Jws | undefined => {
  const jws = parseJws(token)
  return jws.kind === 'jws' ? jws : undefined
}

test('the schema allows the algorithms that we verify, and no others', (t) => {
  t.deepEqual([...ALGORITHMS].sort(), [...SIGNATURE_ALGORITHMS.keys()].sort())
})

/** The bytes of a signature, changed. */
const tampering = fc.oneof(
  fc.constant((bytes: Buffer) => bytes),
  fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })).map(([at, bits]) => (bytes: Buffer) => {
    const copy = Buffer.from(bytes)
    copy[at % copy.length] = (copy[at % copy.length] ?? 0) ^ bits
    return copy
  }),
  fc.nat({ max: 140 }).map((length) => (bytes: Buffer) => bytes.subarray(length)),
  fc.uint8Array({ minLength: 1, maxLength: 3 }).map((more) => (bytes: Buffer) => Buffer.concat([bytes, more])),
  fc.uint8Array({ minLength: 1, maxLength: 3 }).map((more) => (bytes: Buffer) => Buffer.concat([more, bytes])),
  fc.constantFrom(0, 1, 255).map((value) => (bytes: Buffer) => Buffer.alloc(bytes.length, value)),
)

for (const algorithm of ALGORITHMS) {
  test(`RFC 7518 §3.1: ${algorithm}: a signature is good when jose says so`, async (t) => {
    const { publicKey } = toSigner(algorithm)
    let good = 0
    const property = fc.asyncProperty(tampering, fc.boolean(), fc.boolean(), async (tamper, isOther, isMoved) => {
      const token = makeToken(algorithm, {}, { sub: 'a' }, isOther ? otherPairs : pairs)
      const [header, payload, signature = ''] = token.split('.')
      const bytes = tamper(Buffer.from(signature, 'base64url'))
      const shown = [header, isMoved ? encode({ sub: 'b' }) : payload, bytes.toString('base64url')].join('.')
      const jws = toJws(shown)
      const ours = jws !== undefined && (await checkSignature(jws, publicKey, () => false)) === 'good'
      t.is(ours, await isGoodForJose(shown, publicKey), shown)
      good += ours ? 1 : 0
    })
    const asSigned: [(bytes: Buffer) => Buffer, boolean, boolean] = [(bytes) => bytes, false, false]
    await fc.assert(property, { numRuns: /^ES(?:384|512)$/.test(algorithm) ? 40 : 120, examples: [asSigned] })
    t.true(good > 0)
  })
}

test('RFC 7518 §3.4: an ECDSA signature in DER is none', async (t) => {
  const { publicKey, privateKey } = toSigner('ES256')
  const signed = `${encode({ alg: 'ES256' })}.${encode({})}`
  const token = `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`
  t.false(await isGoodForJose(token, publicKey))
  t.is(await checkSignature(toJws(token) as Jws, publicKey, () => false), 'bad')
})

const NOW = Date.UTC(2030, 0, 1)
const SECONDS = NOW / 1000

/** Times around the clock's edges, and what is no time. */
const time = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -4, max: 4 }).map((offset) => SECONDS + offset) },
  { weight: 2, arbitrary: fc.constantFrom(SECONDS - 0.5, SECONDS + 0.5, 0, -1, 1e300, -1e300) },
  { weight: 2, arbitrary: fc.constantFrom(undefined, null, String(SECONDS), true, [SECONDS], {}) },
)
const likely = <T>(value: T, ...others: unknown[]) =>
  fc.oneof({ weight: 5, arbitrary: fc.constant<unknown>(value) }, fc.constantFrom(undefined, null, ...others))
const claimsOf = fc.record(
  {
    iss: likely(ISSUER, [ISSUER], 'https://id.example.com', 7),
    aud: likely(['x', 'api'], 'api', 'other', 'ap', [], [['api']], ['API'], { 0: 'api' }, 7, [7, 'api']),
    exp: fc.oneof({ weight: 4, arbitrary: fc.constant<unknown>(SECONDS + 100) }, time),
    nbf: fc.oneof({ weight: 2, arbitrary: fc.constant<unknown>(undefined) }, time),
    iat: fc.oneof({ weight: 2, arbitrary: fc.constant<unknown>(SECONDS) }, time),
    sub: likely('svc', '', 7),
    tenant: likely('t'),
  },
  { requiredKeys: [] },
)
const rulesOf = fc.record({
  issuer: fc.constant(ISSUER),
  audiences: fc.constantFrom<string[][]>(['api'], ['web', 'api']),
  requiredClaims: fc.constantFrom<string[][]>([], [], ['tenant'], ['toString'], ['__proto__']),
  subjectClaim: fc.constantFrom('sub', 'sub', 'tenant', 'constructor'),
  clockTolerance: fc.constantFrom(0, 500, 1_000, 2_000),
  maxTokenAge: fc.constantFrom(0, 0, 500, 1_000, 3_000),
})

test('RFC 7519 §4.1: claims are good when jose says so', async (t) => {
  const { publicKey } = toSigner('EdDSA')
  let good = 0
  const property = fc.asyncProperty(
    claimsOf,
    rulesOf,
    fc.integer({ min: -999, max: 999 }),
    async (claims, rules, ms) => {
      const token = makeToken('EdDSA', {}, claims)
      const { clockTolerance, maxTokenAge } = rules
      const isGood = await isGoodForJose(token, publicKey, {
        issuer: rules.issuer,
        audience: rules.audiences,
        requiredClaims: ['exp', rules.subjectClaim, ...rules.requiredClaims],
        clockTolerance: clockTolerance / 1000,
        currentDate: new Date(NOW + ms),
        ...(maxTokenAge > 0 && { maxTokenAge: maxTokenAge / 1000 }),
      })
      const shown = toJws(token)?.claims ?? {}
      const iat = own(shown, 'iat')
      // RFC 7519 §4.1.6: jose looks for those from the future only where an age is asked for.
      const latest = Math.floor((NOW + ms) / 1000) + clockTolerance / 1000
      const isPremature = typeof iat === 'number' && iat > latest
      const ours = judgeClaims(shown, rules, NOW + ms)
      t.is(ours.kind === 'good', isGood && !isPremature, JSON.stringify([claims, rules, ms]))
      good += ours.kind === 'good' ? 1 : 0
      // What is remembered is remembered no longer than it would be good anew, but for the part of a second.
      if (ours.kind === 'good')
        t.is(judgeClaims(shown, rules, Math.ceil(ours.expiresAt / 1000 + 1) * 1000).kind, 'rejected')
    },
  )
  await fc.assert(property, { numRuns: 1_500 })
  t.true(good > 50, `${good} good`)
})

test('RFC 7515 §4.1.11: of headers jose takes those that we take, and one more that says nothing', async (t) => {
  const { publicKey } = toSigner('EdDSA')
  const header = fc.record(
    {
      crit: fc.constantFrom(
        undefined,
        null,
        [],
        ['x'],
        ['b64'],
        ['exp'],
        'b64',
        [''],
        [7],
        ['toString'],
        ['b64', 'b64'],
      ),
      b64: fc.constantFrom(undefined, true, false, 'true'),
      x: fc.constant(1),
    },
    { requiredKeys: [] },
  )
  const property = fc.asyncProperty(header, async (fields) => {
    const token = makeToken('EdDSA', fields, { sub: 'a' })
    const jws = toJws(token)
    const ours = jws !== undefined && !jws.isCritical
    const isGood = await isGoodForJose(token, publicKey)
    // RFC 7797 §7: that the payload is encoded as ever.
    const saysNothing = fields.b64 === true && [fields.crit].flat().every((name) => name === 'b64')
    t.is(ours, isGood && !saysNothing, JSON.stringify(fields))
  })
  await fc.assert(property, { numRuns: 400 })
})

test('RFC 7515 §6: a header names the key that jose finds, and several that fit are none', async (t) => {
  const maybe = (...values: unknown[]) => fc.constantFrom(undefined, ...values)
  const jwkOf = fc
    .record({
      type: fc.constantFrom(...pairs.keys()),
      isOther: fc.boolean(),
      kid: maybe('a', 'a', 'b', 7, ''),
      alg: maybe(undefined, undefined, 'RS256', 'ES256', 'EdDSA', 'Ed25519', 'RSA-OAEP', 7),
      use: maybe(undefined, 'sig', 'sig', 'enc'),
      key_ops: maybe(
        undefined,
        undefined,
        undefined,
        undefined,
        ['verify'],
        ['verify'],
        ['sign'],
        ['verify', 'encrypt'],
        [],
        'verify',
        ['verify', 'verify'],
      ),
    })
    .map(({ type, isOther, ...rest }): JWK => {
      const jwk = (isOther ? otherPairs : pairs).get(type)?.publicKey.export({ format: 'jwk' })
      return JSON.parse(JSON.stringify({ ...jwk, ...rest }))
    })
  let named = 0
  const property = fc.asyncProperty(
    fc.array(jwkOf, { maxLength: 5 }),
    fc.constantFrom(...ALGORITHMS),
    fc.constantFrom(undefined, 'a', 'a', 'b', ''),
    async (jwks, algorithm, kid) => {
      // RFC 7517 §4.3: those that are for something else as well are none of ours; jose takes them for verifying.
      const sole = jwks.filter(({ key_ops: operations }) => operations?.length !== 2)
      const usable = toUsableKeys(JSON.stringify({ keys: jwks }))
      const found = usable.kind === 'usable' ? findSigningKey(usable.keys, algorithm, kid) : undefined
      const header = kid === undefined ? { alg: algorithm } : { alg: algorithm, kid }
      const theirs = await createLocalJWKSet({ keys: sole })(header, { payload: '', signature: '' }).catch(
        () => undefined,
      )
      const expected = theirs && Buffer.from(await crypto.subtle.exportKey('spki', theirs as CryptoKey))
      const actual = found?.export({ format: 'der', type: 'spki' })
      t.deepEqual(actual, expected, JSON.stringify([jwks, algorithm, kid]))
      if (found) named += 1
    },
  )
  await fc.assert(property, { numRuns: 3_000 })
  t.true(named > 30, `${named} named`)
})
