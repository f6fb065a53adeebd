import test from 'ava'
import { BEARER } from '../../src/core/carrier.ts'
import { createCheck, type Policy } from '../../src/core/check.ts'
import type { Verification } from '../../src/core/ports.ts'
import type { Principal } from '../../src/core/principal.ts'
import type { RequestView } from '../../src/core/request.ts'
import type { BearerRule, Route } from '../../src/core/route.ts'

const rule: BearerRule = {
  kind: 'bearer',
  realm: 'api',
  credentials: [BEARER],
  several: 'refuse',
  origins: [],
  accept: { keys: true, issuers: new Set(['https://id.example.com/']) },
  scopes: [],
  authorization: { kind: 'remove' },
}
const route: Route = { name: 'api', preflight: false, rule }
const open: Route = { name: 'open', preflight: false, hosts: ['open.example.com'], rule: { kind: 'public' } }
const policy: Policy = {
  routes: { list: [open, route], byName: new Map() },
  identity: new Map([['x-auth-request-user', { kind: 'subject' }]]),
  reads: new Set(['authorization']),
}
const request: RequestView = {
  method: 'GET',
  host: 'API.example.com.:8443',
  path: '/',
  headers: new Map([['authorization', 'Bearer token']]),
  deadline: 7,
}
const principal: Principal = { kind: 'key', subject: 'ci', keyId: 'ci', scopes: [], claims: new Map() }
const verified: Verification = { kind: 'verified', principal }

test('promise 2: a credential that cannot be judged is an outage, not a denial', async (t) => {
  const check = createCheck(policy, () => ({ kind: 'unavailable', reason: 'jwk_set_unavailable' }))
  t.deepEqual(await check(request), { kind: 'error', status: 503, reason: 'jwk_set_unavailable', route: 'api' })
})

test('a credential is judged by what its route accepts, for the host that was asked', async (t) => {
  const asked: unknown[] = []
  const check = createCheck(policy, (...question) => {
    asked.push(question)
    return verified
  })
  await check(request)
  t.deepEqual(asked, [[{ kind: 'bearer', token: 'token' }, rule.accept, request]])
})

test('without a credential, or on a public route, nobody is asked', async (t) => {
  const check = createCheck(policy, () => {
    throw new Error('nobody may be asked')
  })
  t.is((await check({ ...request, headers: new Map() })).reason, 'missing_credential')
  t.is(
    (await check({ ...request, headers: new Map([['authorization', 'Bearer a,b']]) })).reason,
    'malformed_credential',
  )
  t.is((await check({ ...request, host: 'open.example.com' })).kind, 'ok')
})

test('one principal on one route gets one and the same answer; a spelling of a header makes another', async (t) => {
  const check = createCheck(policy, () => verified)
  const first = await check(request)
  t.is(await check(request), first)
  const spelled = await check({ ...request, headers: new Map([...request.headers, ['x_auth_request_user', 'root']]) })
  t.not(spelled, first)
  t.deepEqual(spelled.kind === 'ok' && spelled.headers, {
    set: [['x-auth-request-user', 'ci']],
    remove: ['authorization', 'x_auth_request_user'],
  })
  t.deepEqual(first.kind === 'ok' && first.headers.remove, ['authorization'])
})

test('CVE-2025-64484: every spelling that some server takes for an identity header is removed', async (t) => {
  const spellings = [
    'x_auth_request_user',
    'x.auth.request.user',
    'x+auth-request-user',
    'x!auth!request!user',
    'x~auth|request-user',
    // Of the same family, though the policy does not name them.
    'x-auth-request-email',
    'x_auth_request_user2',
  ]
  const others = ['xauth-request-user', 'x_auth', ':path']
  const headers = new Map([...request.headers, ...[...spellings, ...others].map((name) => [name, 'root'] as const)])
  // A policy may read one of them, as for a credential.
  for (const reads of [policy.reads, new Set([...policy.reads, ...spellings, ...others])]) {
    const verdict = await createCheck({ ...policy, reads }, () => verified)({ ...request, headers })
    t.deepEqual(verdict.kind === 'ok' && verdict.headers.remove, ['authorization', ...spellings])
  }
})

test('CVE-2025-64484: so is every spelling of an identity header with a name of its own', async (t) => {
  const identity: Policy['identity'] = new Map([['x-caller', { kind: 'subject' }]])
  const spellings = ['x_caller', 'x.caller', 'x+caller']
  // Nobody takes these for it, and no header of the family is one here.
  const others = ['x-callers', 'x-auth-request-user']
  const headers = new Map([...request.headers, ...[...spellings, ...others].map((name) => [name, 'root'] as const)])
  const verdict = await createCheck({ ...policy, identity }, () => verified)({ ...request, headers })
  t.deepEqual(verdict.kind === 'ok' && verdict.headers, {
    set: [['x-caller', 'ci']],
    remove: ['authorization', ...spellings],
  })
})

test('an exception of a verifier is not caught here: a listener makes an error verdict of it', async (t) => {
  const check = createCheck(policy, () => Promise.reject(new Error('a bug')))
  await t.throwsAsync(check(request), { message: 'a bug' })
})

test('CVE-2026-86863: what a key says of its owner is shown; what it does not say is removed', async (t) => {
  const owned: Principal = { ...principal, claims: new Map<string, unknown>([['email', 'alice@example.com']]) }
  const identity: Policy['identity'] = new Map([
    ['x-auth-request-email', { kind: 'claim', claim: 'email' }],
    ['x-auth-request-team', { kind: 'claim', claim: 'team' }],
  ])
  const verdict = await createCheck({ ...policy, identity }, () => ({ kind: 'verified', principal: owned }))(request)
  t.deepEqual(verdict.kind === 'ok' && verdict.headers, {
    set: [['x-auth-request-email', 'alice@example.com']],
    remove: ['x-auth-request-team', 'authorization'],
  })
})
