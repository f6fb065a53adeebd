import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { createJwkSet, type JwkSet, type JwkSetOptions } from '../../src/verify/jwk-set.ts'
import { toUsableKeys } from '../../src/verify/usable-keys.ts'
import { eventually } from '../fixtures/eventually.ts'
import { createRecorder } from '../fixtures/recorder.ts'
import { makeSigningKey } from '../fixtures/signing-key.ts'

const first = await makeSigningKey('first')
const second = await makeSigningKey('second')
const text = (...keys: readonly unknown[]): string => JSON.stringify({ keys })

const MINUTE = 60_000

/** A JWK Set whose clock and source are in the test's hands. */
const open = async (t: ExecutionContext, options: Partial<JwkSetOptions> = {}) => {
  const { observer, reloads } = createRecorder()
  const world = { now: 1_000_000, loads: 0, load: async (): Promise<string> => text(first.jwk) }
  const jwkSet = createJwkSet({
    issuer: 'https://id.example.com/',
    load: () => {
      world.loads += 1
      return world.load()
    },
    refreshInterval: 5 * MINUTE,
    maxStale: 60 * MINUTE,
    now: () => world.now,
    elapsed: () => world.now,
    observer,
    ...options,
  })
  t.teardown(jwkSet.close)
  await jwkSet.refresh()
  return { world, jwkSet, reloads }
}

const find = async (jwkSet: JwkSet, kid: string | undefined, deadline?: number): Promise<string> =>
  (await jwkSet.find('ES256', kid, deadline)).kind

test('a key that is there is found without a fetch', async (t) => {
  const { world, jwkSet, reloads } = await open(t)
  t.is(await find(jwkSet, 'first'), 'found')
  t.is(world.loads, 1)
  t.deepEqual(reloads, ['jwk_set https://id.example.com/: ok'])
})

test('openfga#3100: unknown kids cause one fetch per cooldown, also when they come together', async (t) => {
  const { world, jwkSet } = await open(t)
  const kinds = await Promise.all(Array.from({ length: 50 }, (_, index) => find(jwkSet, `made-up-${index}`)))
  t.deepEqual([...new Set(kinds)], ['unknown'])
  t.is(world.loads, 2)
  world.now += 29_999
  t.is(await find(jwkSet, 'another'), 'unknown')
  t.is(world.loads, 2)
  world.now += 1
  t.is(await find(jwkSet, 'another'), 'unknown')
  t.is(world.loads, 3)
})

test('a clock that is set back keeps no new key out, and no old set in', async (t) => {
  const clock = { elapsed: 0 }
  const { world, jwkSet } = await open(t, { elapsed: () => clock.elapsed })
  t.is(await find(jwkSet, 'made-up'), 'unknown')
  world.now -= 60 * MINUTE
  world.load = async () => text(first.jwk, second.jwk)
  clock.elapsed += 30_000
  t.is(await find(jwkSet, 'second'), 'found')
  clock.elapsed += 60 * MINUTE + 1
  t.is(await find(jwkSet, 'second'), 'unavailable')
})

test('envoy#14557: a new key is found by the first token that names it', async (t) => {
  const { world, jwkSet } = await open(t)
  const before = jwkSet.version()
  world.load = async () => text(first.jwk, second.jwk)
  t.is(await find(jwkSet, 'second'), 'found')
  t.is(world.loads, 2)
  t.not(jwkSet.version(), before)
})

test('without kid the only key that fits is taken, and nothing is fetched', async (t) => {
  const { world, jwkSet } = await open(t)
  t.is(await find(jwkSet, undefined), 'found')
  t.is((await jwkSet.find('RS256', undefined, undefined)).kind, 'unknown')
  world.load = async () => text(first.jwk, second.jwk)
  await jwkSet.refresh()
  t.is(await find(jwkSet, undefined), 'unknown')
  t.is(world.loads, 2)
})

test('an unknown kid while the set cannot be fetched is an outage; known keys go on', async (t) => {
  const { world, jwkSet, reloads } = await open(t)
  world.load = () => Promise.reject(new Error('the issuer is away'))
  t.is(await find(jwkSet, 'second'), 'unavailable')
  t.is(await find(jwkSet, 'second'), 'unavailable')
  t.is(await find(jwkSet, 'first'), 'found')
  t.is(world.loads, 2)
  t.is(jwkSet.status().failures, 1)
  t.is(reloads.at(-1), 'jwk_set https://id.example.com/: the issuer is away')
})

test('a fetch that hangs holds a request for a bounded time, and serves those who come later', async (t) => {
  const { world, jwkSet } = await open(t)
  let arrive = (_: string): void => undefined
  world.load = () => new Promise((resolve) => (arrive = resolve))
  // Timers fire in their order, however busy the machine is.
  const later = sleep(300, 'later')
  t.is(await Promise.race([find(jwkSet, 'second', world.now + 120), later]), 'unavailable')
  arrive(text(first.jwk, second.jwk))
  t.true(await eventually(async () => (await find(jwkSet, 'second')) === 'found'))
  t.is(world.loads, 2)
})

test('a new key is found while a fetch that nobody waits for hangs, or waits for its turn', async (t) => {
  let hangs = false
  const load = async (isAwaited: boolean): Promise<string> => {
    if (!hangs) return text(first.jwk)
    return isAwaited ? text(first.jwk, second.jwk) : new Promise(() => undefined)
  }
  const { jwkSet } = await open(t, { load })
  hangs = true
  void jwkSet.refresh()
  t.is(await find(jwkSet, 'second'), 'found')
})

test('without a deadline the wait ends by itself', async (t) => {
  const { world, jwkSet } = await open(t)
  world.load = () => new Promise(() => undefined)
  const start = performance.now()
  t.is(await Promise.race([find(jwkSet, 'second'), sleep(1_500, 'later')]), 'unavailable')
  t.true(performance.now() - start >= 350)
})

for (const [title, body] of [
  ['jose#349: an empty set', text()],
  ['a login page', '<html>sign in</html>'],
  ['JSON that is no key set', '{"error": "unavailable"}'],
  ['a set of one private key', text({ ...first.jwk, d: 'AAAA' })],
] as const) {
  test(`${title} does not replace a good set`, async (t) => {
    const { world, jwkSet } = await open(t)
    world.load = async () => body
    await jwkSet.refresh()
    t.is(await find(jwkSet, 'first'), 'found')
    t.not(jwkSet.status().problem, undefined)
  })
}

test('the last good set is used until it is older than maxStale', async (t) => {
  const { world, jwkSet } = await open(t, { maxStale: 10 * MINUTE })
  world.load = () => Promise.reject(new Error('away'))
  world.now += 10 * MINUTE
  t.is(await find(jwkSet, 'first'), 'found')
  t.not(jwkSet.version(), undefined)
  world.now += 1
  t.is(await find(jwkSet, 'first'), 'unavailable')
  t.is(jwkSet.version(), undefined)
})

test('a set that never came is an outage, and is fetched again without being asked', async (t) => {
  const { observer } = createRecorder()
  let loads = 0
  const load = async (): Promise<string> => {
    loads += 1
    if (loads === 1) throw new Error('not yet')
    return text(first.jwk)
  }
  const jwkSet = createJwkSet({
    issuer: 'https://id.example.com/',
    load,
    refreshInterval: 20,
    maxStale: MINUTE,
    now: Date.now,
    elapsed: () => performance.now(),
    observer,
  })
  t.teardown(jwkSet.close)
  await jwkSet.refresh()
  t.is(await find(jwkSet, 'first'), 'unavailable')
  t.true(await eventually(async () => (await find(jwkSet, 'first')) === 'found'))
})

test('a withdrawn key is gone with the next refresh; the same set again changes no version', async (t) => {
  const { world, jwkSet } = await open(t)
  const before = jwkSet.version()
  await jwkSet.refresh()
  t.is(jwkSet.version(), before)
  world.load = async () => text(second.jwk)
  await jwkSet.refresh()
  t.is(await find(jwkSet, 'first'), 'unknown')
  t.not(jwkSet.version(), before)
})

test('after it is closed nothing is fetched', async (t) => {
  const { world, jwkSet } = await open(t, { refreshInterval: 10 })
  jwkSet.close()
  const { loads } = world
  await sleep(50)
  t.is(world.loads, loads)
})

test('RFC 7518 §3.3: weak, private, symmetric, unreadable and encryption keys are not used', async (t) => {
  const { generateKeyPairSync } = await import('node:crypto')
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' })
  const strong = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' })
  const usable = toUsableKeys(
    text(
      weak,
      { kty: 'oct', k: 'c2VjcmV0' },
      { ...first.jwk, d: 'AAAA' },
      { ...first.jwk, use: 'enc' },
      { ...first.jwk, x: 'AAAA' },
      { ...first.jwk, key_ops: ['verify', 'encrypt'] },
      { ...strong, kid: 'good' },
    ),
  )
  if (usable.kind !== 'usable') return t.fail()
  t.deepEqual(
    usable.keys.map(({ kid }) => kid),
    ['good'],
  )
  t.deepEqual(usable.refused, [
    'keys[0] is not used: it has fewer than 2048 bits',
    'keys[1] is not used: it is not of an asymmetric type',
    'keys[2] is not used: it is a private key',
    'keys[3] is not used: it is not for signatures',
    'keys[4] is not used: it cannot be read as a key',
    'keys[5] is not used: it is not for verifying alone',
  ])
  const none = toUsableKeys(text(weak))
  t.is(none.kind === 'none' && none.reason, 'it holds no usable key; keys[0] is not used: it has fewer than 2048 bits')
})
