import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { exportJWK, generateKeyPair, jwtVerify } from 'jose'
import { introspectionSchema } from '../../src/config/introspection-schema.ts'
import type { Verification } from '../../src/core/ports.ts'
import { toDigest } from '../../src/key/digest.ts'
import type { Authority } from '../../src/verify/authority.ts'
import { createIntrospection } from '../../src/verify/introspection.ts'
import { type IntrospectionEndpoint, listenIntrospection } from '../fixtures/introspection-endpoint.ts'
import { json } from '../fixtures/key-endpoint.ts'
import { createRecorder, type Recorder } from '../fixtures/recorder.ts'

const NOW = Date.UTC(2030, 0, 1)
const ISSUER = 'https://id.example.com/'
/** Longer than a busy machine takes, and than a test may. */
const PATIENCE_MILLISECONDS = 3_600_000

interface World extends Recorder {
  readonly endpoint: IntrospectionEndpoint
  readonly authority: Authority
  readonly clock: { now: number; shift: number }
  readonly ask: (token: string, deadline?: number) => Promise<string>
}

const tell = (answer: Verification): string =>
  answer.kind === 'verified' ? answer.principal.subject : `${answer.kind} ${answer.reason}`

const open = async (t: ExecutionContext, settings: object = {}, secret = 's3cret', max = 100): Promise<World> => {
  const endpoint = await listenIntrospection(t)
  endpoint.say = (token) => (token.startsWith('good') ? { active: true, sub: token, aud: 'api' } : undefined)
  const clock = { now: NOW, shift: 0 }
  const recorder = createRecorder()
  const config = introspectionSchema.parse({
    ...{ issuer: ISSUER, endpoint: endpoint.url, clientId: 'gate', audiences: ['api'] },
    ...('clientKeyFile' in settings ? {} : { clientSecretFile: 'secret' }),
    ...settings,
  })
  const authority = createIntrospection({ ...config, timeout: PATIENCE_MILLISECONDS }, secret, {
    max,
    now: () => clock.now + clock.shift,
    elapsed: () => clock.now,
    observer: recorder.observer,
  })
  const ask = async (token: string, deadline?: number): Promise<string> =>
    tell(await authority.ask(token, toDigest(token), deadline))
  return { ...recorder, endpoint, authority, clock, ask }
}

test('RFC 7662 §2.1: the token is posted as a form, with a hint and with the proof of who asks', async (t) => {
  const { ask, endpoint } = await open(t, { clientId: 'gate:1' }, 'a b&ü:%')
  t.is(await ask('good-1+/='), 'good-1+/=')
  const [question] = endpoint.questions
  t.is(question?.method, 'POST')
  t.is(question?.headers['accept'], 'application/json')
  t.regex(String(question?.headers['content-type']), /^application\/x-www-form-urlencoded/)
  t.deepEqual(Object.fromEntries(question?.body ?? []), { token: 'good-1+/=', token_type_hint: 'access_token' })
  const basic = Buffer.from(String(question?.headers['authorization']).replace('Basic ', ''), 'base64').toString()
  t.is(basic, 'gate%3A1:a+b%26%C3%BC%3A%25', 'RFC 6749 §2.3.1: form-encoded parts')
})

test('RFC 6749 §2.3.1: the secret in the body, where the server wants it there', async (t) => {
  const { ask, endpoint } = await open(t, { clientAuthentication: 'client_secret_post' })
  await ask('good')
  const [question] = endpoint.questions
  t.is(question?.headers['authorization'], undefined)
  t.is(question?.body.get('client_id'), 'gate')
  t.is(question?.body.get('client_secret'), 's3cret')
})

test('RFC 7523 §3: a signed proof, once for each question', async (t) => {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
  const jwk = { ...(await exportJWK(privateKey)), alg: 'ES256', kid: 'mine' }
  const { ask, endpoint } = await open(t, { clientKeyFile: 'key' }, JSON.stringify(jwk))
  t.is(await ask('good-1'), 'good-1')
  t.is(await ask('good-2'), 'good-2')
  const ids = new Set<unknown>()
  for (const { body, headers } of endpoint.questions) {
    t.is(headers['authorization'], undefined)
    t.is(body.get('client_assertion_type'), 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
    const { payload, protectedHeader } = await jwtVerify(body.get('client_assertion') ?? '', publicKey, {
      ...{ issuer: 'gate', subject: 'gate', audience: ISSUER, currentDate: new Date(NOW) },
    })
    t.deepEqual(protectedHeader, { alg: 'ES256', kid: 'mine' })
    t.is(Number(payload.exp) - Number(payload.iat), 60)
    ids.add(payload.jti)
  }
  t.is(ids.size, 2)
})

test('RFC 7662 §4: an answer is kept for cacheFor, and no longer than the token is good', async (t) => {
  const { ask, endpoint, clock, lookups } = await open(t, { cacheFor: '60s', clockTolerance: '0s' })
  endpoint.say = (token) => ({ active: true, sub: 's', aud: 'api', ...(token === 'short' && { exp: NOW / 1000 + 10 }) })
  for (const token of ['long', 'long', 'short', 'short']) t.is(await ask(token), 's')
  t.deepEqual(endpoint.tokens(), ['long', 'short'])
  t.deepEqual(lookups, ['miss', 'hit', 'miss', 'hit'])
  endpoint.say = () => undefined
  clock.now += 10_001
  t.is(await ask('short'), 'rejected inactive_token')
  t.is(await ask('long'), 's')
  clock.now += 50_000
  t.is(await ask('long'), 'rejected inactive_token', 'revoked, and seen after cacheFor')
})

test('a clock that is set keeps no answer longer, and no token past its expiry', async (t) => {
  const { ask, endpoint, clock } = await open(t, { cacheFor: '60s', clockTolerance: '0s' })
  endpoint.say = () => ({ active: true, sub: 's', aud: 'api', exp: NOW / 1000 + 3_600 })
  t.is(await ask('token'), 's')
  endpoint.say = () => undefined
  clock.shift = -86_400_000
  clock.now += 60_000
  t.is(await ask('token'), 's')
  clock.shift = 86_400_000
  t.is(await ask('token'), 'rejected inactive_token')
  endpoint.say = () => ({ active: true, sub: 's', aud: 'api' })
  clock.shift = 0
  t.is(await ask('other'), 's')
  endpoint.say = () => undefined
  clock.shift = -86_400_000
  clock.now += 60_001
  t.is(await ask('other'), 'rejected inactive_token')
})

test('one object for one answer: verdicts are remembered by it', async (t) => {
  const { authority, ask } = await open(t)
  await ask('good')
  const digest = toDigest('good')
  const answer = await authority.ask('good', digest, undefined)
  t.is(answer.kind, 'verified')
  t.is(authority.find(digest), answer)
})

test('a token that is not good is not asked about again for 5 s', async (t) => {
  const { ask, endpoint, clock } = await open(t)
  for (let round = 0; round < 3; round += 1) t.is(await ask('bad'), 'rejected inactive_token')
  t.is(endpoint.questions.length, 1)
  clock.now += 5_001
  await ask('bad')
  t.is(endpoint.questions.length, 2)
})

test('all who show one token at once cause one question', async (t) => {
  const { ask, endpoint } = await open(t)
  t.deepEqual(new Set(await Promise.all(Array.from({ length: 20 }, () => ask('good')))), new Set(['good']))
  t.is(endpoint.questions.length, 1)
})

test('with cache.tokens 0 nothing is kept', async (t) => {
  const { ask, endpoint } = await open(t, {}, 's3cret', 0)
  for (const token of ['good', 'good', 'bad', 'bad']) await ask(token)
  t.is(endpoint.questions.length, 4)
})

test('RFC 7662 §4: made-up tokens cost the server a bounded rate; those beyond, and no good one, are an outage', async (t) => {
  const { ask, endpoint, clock, authority, outages } = await open(t, { maxPerSecond: 3, cacheFor: '1s' })
  t.is(await ask('good'), 'good')
  const answers = await Promise.all(Array.from({ length: 10 }, (_, index) => ask(`made-up-${index}`)))
  t.deepEqual(answers.toSorted(), [
    ...Array(3).fill('rejected inactive_token'),
    ...Array(7).fill('unavailable introspection_unavailable'),
  ])
  const problem =
    'https://id.example.com/: unknown tokens come faster than 3 a second: those beyond are not asked about, and get 503'
  t.deepEqual(authority.problems(), [problem])
  t.deepEqual(outages, [problem])
  clock.now += 1_001
  for (let index = 0; index < 3; index += 1) await ask(`more-${index}`)
  t.is(await ask('good'), 'good', 'a token that was good is asked about whatever the rate')
  t.is(endpoint.questions.length, 1 + 3 + 3 + 1)
})

test('an outage is not a denial: what is no answer is 503, is told once, and is not kept', async (t) => {
  const { ask, endpoint, outages, questions, authority } = await open(t)
  const problems: string[] = []
  for (const answer of [
    json({ error: 'server_error' }, 500),
    json({ error: 'invalid_client' }, 401),
    json({ active: true, sub: 's', aud: 'api' }, 201),
    json({ sub: 's', aud: 'api' }),
    json([]),
    ((_, response) => response.writeHead(302, { location: endpoint.url }).end()) as typeof endpoint.answer,
    ((_, response) => response.writeHead(200).end('{"active":true}')) as typeof endpoint.answer,
    ((_, response) => {
      response.writeHead(200, { 'content-type': 'application/token-introspection+jwt' }).end('a.b.c')
    }) as typeof endpoint.answer,
    ((_, response) => response.destroy()) as typeof endpoint.answer,
  ]) {
    endpoint.answer = answer
    t.is(await ask('good'), 'unavailable introspection_unavailable')
    problems.push(...authority.problems())
  }
  const at = `${ISSUER}: ${endpoint.url}`
  t.deepEqual(problems, [
    `${at} answered with status 500`,
    `${at} answered with status 401`,
    `${at} answered with status 201`,
    `${ISSUER}: the answer has no boolean "active"`,
    `${ISSUER}: the answer has no boolean "active"`,
    `${at} answered with status 302`,
    `${at} answered with what is no application/json`,
    `${at} answered with what is no application/json`,
    `${at} cannot be reached: other side closed`,
  ])
  t.is(outages.length, 7, 'each problem once')
  endpoint.answer = undefined
  t.is(await ask('good'), 'good')
  t.deepEqual(authority.problems(), [])
  t.is(outages.at(-1), `${ISSUER}: ok`)
  t.is(questions.filter((line) => line.endsWith(' unavailable')).length, 9)
})

test('while the server is away a token that it called good is good until cacheFor is over', async (t) => {
  const { ask, endpoint, clock } = await open(t, { cacheFor: '30s' })
  await ask('good')
  endpoint.answer = json({}, 503)
  clock.now += 30_000
  t.is(await ask('good'), 'good')
  clock.now += 1
  t.is(await ask('good'), 'unavailable introspection_unavailable')
})

test('a question never outlives the deadline of who waits; its answer counts for those who come later', async (t) => {
  const { ask, endpoint, authority } = await open(t)
  const said = Promise.withResolvers<unknown>()
  endpoint.say = () => said.promise
  t.is(await ask('slow', NOW + 60), 'unavailable introspection_unavailable')
  t.is(await ask('slow', NOW), 'unavailable introspection_unavailable', 'no time left at all')
  said.resolve({ active: true, sub: 's', aud: 'api' })
  while (authority.find(toDigest('slow')) === undefined) await sleep(5)
  t.is(await ask('slow', NOW), 's')
  t.is(endpoint.questions.length, 1)
})

test('a server that hangs: no more than 50 unknown tokens wait for it, and the next is an outage at once', async (t) => {
  const { ask, endpoint } = await open(t, { maxPerSecond: 1_000 })
  const said = Promise.withResolvers<undefined>()
  endpoint.say = () => said.promise
  const waiting = Array.from({ length: 50 }, (_, index) => ask(`token-${index}`))
  t.is(await ask('one more'), 'unavailable introspection_unavailable')
  said.resolve(undefined)
  t.deepEqual(new Set(await Promise.all(waiting)), new Set(['rejected inactive_token']))
})
