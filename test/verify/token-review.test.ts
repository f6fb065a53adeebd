import { writeFileSync } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { tokenReviewSchema } from '../../src/config/token-review-schema.ts'
import { toDigest } from '../../src/key/digest.ts'
import { parseJws } from '../../src/verify/jws.ts'
import { createTokenReview } from '../../src/verify/token-review.ts'
import { makeFolder } from '../fixtures/folder.ts'
import { listenEndpoint } from '../fixtures/key-endpoint.ts'
import { createRecorder } from '../fixtures/recorder.ts'
import { toKubeconfig } from '../fixtures/secrets-api.ts'
import { makeSigningKey } from '../fixtures/signing-key.ts'

const NOW = Date.UTC(2030, 0, 1)
const ISSUER = 'https://kubernetes.default.svc.cluster.local'
const USERNAME = 'system:serviceaccount:team-a:worker'
const signer = await makeSigningKey('cluster')

/** A token as the cluster makes them. */
const sign = (claims: object = {}): Promise<string> =>
  signer.sign({ iss: ISSUER, aud: ['gate'], sub: USERNAME, exp: NOW / 1000 + 3_600, ...claims })

const GOOD = {
  authenticated: true,
  audiences: ['gate'],
  user: { username: USERNAME, uid: 'u', groups: ['system:serviceaccounts'], extra: { 'a/pod-name': ['worker-1'] } },
}

/** An API that answers each TokenReview with `state.status`, in the way of the real one. */
const open = async (t: ExecutionContext, settings: object = {}) => {
  const state = { status: GOOD as unknown, code: 201 }
  const reviews: { readonly path: string; readonly headers: IncomingHttpHeaders; readonly body: unknown }[] = []
  const { url } = await listenEndpoint(t, async (request, response) => {
    let text = ''
    for await (const chunk of request.setEncoding('utf8')) text += chunk
    reviews.push({ path: `${request.method} ${request.url}`, headers: request.headers, body: JSON.parse(text) })
    const body = state.code === 201 ? { kind: 'TokenReview', status: state.status } : state.status
    response.writeHead(state.code, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  const kubeconfig = join(makeFolder(t), 'kubeconfig')
  writeFileSync(kubeconfig, toKubeconfig(url))
  const clock = { now: NOW }
  const { observer, outages } = createRecorder()
  const config = tokenReviewSchema.parse({
    ...{ issuer: ISSUER, audiences: ['gate'], kubeconfig, timeout: '30s', ...settings },
  })
  const authority = createTokenReview(config, { max: 10, now: () => clock.now, elapsed: () => clock.now, observer })
  const judge = (token: string) => authority.ask(token, toDigest(token), undefined)
  const ask = async (token: string): Promise<string> => {
    const answer = await judge(token)
    return answer.kind === 'verified' ? answer.principal.subject : `${answer.kind} ${answer.reason}`
  }
  return { state, reviews, clock, outages, authority, judge, ask }
}

test('the API is asked with the audiences, and a ServiceAccount is named with its groups and its pod', async (t) => {
  const { judge, reviews } = await open(t)
  const token = await sign()
  t.deepEqual(await judge(token), {
    kind: 'verified',
    principal: {
      kind: 'token',
      subject: USERNAME,
      issuer: ISSUER,
      scopes: [],
      claims: new Map<string, unknown>([
        ['a/pod-name', ['worker-1']],
        ['groups', ['system:serviceaccounts']],
      ]),
    },
    expiresAt: NOW + 3_600_000,
  })
  t.is(reviews.length, 1)
  t.is(reviews[0]?.path, 'POST /apis/authentication.k8s.io/v1/tokenreviews')
  t.is(reviews[0]?.headers.authorization, 'Bearer the-token-of-the-gate')
  t.deepEqual(reviews[0]?.body, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenReview',
    spec: { token, audiences: ['gate'] },
  })
})

for (const [title, status, expected] of [
  ['a token that the API does not know', { user: {}, error: 'invalid bearer token' }, 'inactive_token'],
  ['a user without a name', { ...GOOD, user: {} }, 'claim_refused'],
  ['an answer without a word', {}, 'inactive_token'],
  ['no user', { ...GOOD, user: undefined }, 'inactive_token'],
  ['an API that knows no audiences has checked none', { ...GOOD, audiences: undefined }, 'wrong_audience'],
  ['another audience', { ...GOOD, audiences: ['https://kubernetes'] }, 'wrong_audience'],
  ['a person', { ...GOOD, user: { username: 'admin' } }, 'claim_refused'],
  [
    'CVE-2023-27493: a name that is no header value',
    { ...GOOD, user: { username: `${USERNAME}\r\nx` } },
    'claim_refused',
  ],
] as const) {
  test(`refused: ${title}`, async (t) => {
    const { ask, state } = await open(t)
    state.status = status
    t.is(await ask(await sign()), `rejected ${expected}`)
  })
}

test('RFC 7519 §4.1.3: a token for somebody else is not shown to the API', async (t) => {
  const { ask, reviews, authority } = await open(t)
  for (const aud of [undefined, 'https://kubernetes', ['other']]) {
    t.is(await ask(await sign({ aud })), 'rejected wrong_audience')
  }
  t.false(authority.mayKnow({ kind: 'opaque' }))
  t.false(authority.mayKnow(parseJws(await sign({ iss: 'https://elsewhere' }))))
  t.deepEqual(reviews, [])
})

test('an answer is kept for cacheFor, and no longer than the token is good', async (t) => {
  const { ask, reviews, clock, state } = await open(t, { cacheFor: '60s' })
  const [long, short] = [await sign(), await sign({ exp: NOW / 1000 + 10 })]
  for (const token of [long, long, short, short]) t.is(await ask(token), USERNAME)
  t.is(reviews.length, 2)
  state.status = { authenticated: false }
  clock.now += 10_000
  t.is(await ask(long), USERNAME)
  clock.now += 1
  t.is(await ask(short), 'rejected inactive_token')
  clock.now += 50_000
  t.is(await ask(long), 'rejected inactive_token', 'its pod is gone')
})

test('an outage is not a denial: an API that refuses us, or answers oddly, or is away', async (t) => {
  const { ask, state, outages, authority } = await open(t)
  const token = await sign()
  state.code = 403
  state.status = { kind: 'Status', code: 403, message: 'tokenreviews is forbidden' }
  t.is(await ask(token), 'unavailable token_review_unavailable')
  t.deepEqual(authority.problems(), [`${ISSUER}: the API says 403: tokenreviews is forbidden`])
  state.code = 201
  for (const odd of [undefined, 'text', { authenticated: 'true' }, { ...GOOD, user: { username: 7 } }]) {
    state.status = odd
    t.is(await ask(token), 'unavailable token_review_unavailable')
    t.deepEqual(authority.problems(), [`${ISSUER}: the answer is no TokenReview`])
  }
  state.status = GOOD
  t.is(await ask(token), USERNAME)
  t.is(outages.at(-1), `${ISSUER}: ok`)
})

test('a kubeconfig that is not there is an outage until it is', async (t) => {
  const { ask, authority } = await open(t, { kubeconfig: '/nowhere/kubeconfig' })
  t.is(await ask(await sign()), 'unavailable token_review_unavailable')
  t.regex(authority.problems()[0] ?? '', /the kubeconfig \/nowhere\/kubeconfig cannot be read/)
})
