import test from 'ava'
import { type IntrospectionConfig, introspectionSchema } from '../../src/config/introspection-schema.ts'
import { judgeIntrospection } from '../../src/verify/judge-introspection.ts'

const NOW = Date.UTC(2030, 0, 1)
const SECONDS = NOW / 1000

const config = (settings: object = {}): IntrospectionConfig =>
  introspectionSchema.parse({
    issuer: 'https://id.example.com/',
    endpoint: 'https://id.example.com/introspect',
    clientId: 'gate',
    clientSecretFile: 'secret',
    audiences: ['api', 'other'],
    ...settings,
  })

const GOOD = { active: true, sub: 'svc', aud: 'api', scope: 'read write', exp: SECONDS + 60, token_type: 'Bearer' }

/** The subject, or why there is none. */
const judge = (answer: unknown, settings: object = {}): string => {
  const text = typeof answer === 'string' ? answer : JSON.stringify(answer)
  const judged = judgeIntrospection(text, config(settings), NOW)
  if (judged.kind === 'verified') return judged.principal.subject
  return judged.kind === 'failed' ? judged.problem : judged.reason
}

test('RFC 7662 §2.2: a good answer names a principal, its scopes and its claims', (t) => {
  t.deepEqual(judgeIntrospection(JSON.stringify({ ...GOOD, email: 'a@b' }), config(), NOW), {
    kind: 'verified',
    principal: {
      kind: 'token',
      subject: 'svc',
      issuer: 'https://id.example.com/',
      scopes: ['read', 'write'],
      claims: new Map(Object.entries({ ...GOOD, email: 'a@b' })),
    },
    expiresAt: NOW + 60_000 + 30_000,
  })
})

test('RFC 7662 §2.2: what has no boolean active is no answer', (t) => {
  const problem = 'the answer has no boolean "active"'
  for (const answer of [
    ...['', 'true', 'null', '[]', '[{"active":true}]', '{', '<html>', '"active"', '{}'],
    ...[{ active: 'true' }, { active: 'false' }, { active: 1 }, { active: null }, { active: [true] }],
    ...['{"__proto__":{"active":true}}', { error: 'invalid_client' }],
  ]) {
    t.is(judge(answer), problem, JSON.stringify(answer))
  }
  t.is(judge({ active: false }), 'inactive_token')
  t.is(judge({ ...GOOD, active: false }), 'inactive_token')
})

for (const [title, change, expected] of [
  ['RFC 7662 §2.2: another issuer', { iss: 'https://evil.example.com/' }, 'issuer_not_accepted'],
  ['RFC 7662 §2.2: the issuer as a list', { iss: ['https://id.example.com/'] }, 'issuer_not_accepted'],
  ['the very issuer', { iss: 'https://id.example.com/' }, 'svc'],
  ['RFC 7519 §4.1.3: no audience', { aud: undefined }, 'wrong_audience'],
  ['RFC 7519 §4.1.3: another audience', { aud: ['web', 1, null, { api: 'api' }] }, 'wrong_audience'],
  ['RFC 7519 §4.1.3: one of several audiences', { aud: ['web', 'other'] }, 'svc'],
  ['RFC 7519 §4.1.4: expired', { exp: SECONDS - 30 }, 'expired_token'],
  ['RFC 7519 §4.1.4: expired within the tolerance', { exp: SECONDS - 29 }, 'svc'],
  ['RFC 7662 §2.2: no expiry', { exp: undefined }, 'svc'],
  ['an expiry that is text', { exp: `${SECONDS + 60}` }, 'claim_refused'],
  ['an expiry that is null', { exp: null }, 'claim_refused'],
  ['RFC 7519 §4.1.5: not good yet', { nbf: SECONDS + 31 }, 'premature_token'],
  ['RFC 7519 §4.1.6: issued in the future', { iat: SECONDS + 31 }, 'premature_token'],
  ['within the tolerance', { nbf: SECONDS + 30, iat: SECONDS + 30 }, 'svc'],
  ['RFC 8705 §3.2: bound to a certificate', { cnf: { 'x5t#S256': 'x' } }, 'sender_constrained'],
  ['RFC 9449 §6.2: bound to a key', { token_type: 'DPoP' }, 'sender_constrained'],
  ['RFC 8693 §2.2.1: no token to be shown', { token_type: 'N_A' }, 'type_not_allowed'],
  ['a type that is no text', { token_type: 7 }, 'type_not_allowed'],
  ['RFC 6749 §5.1: the case of the type does not count', { token_type: 'bearer' }, 'svc'],
  ['RFC 7662 §2.2: no type', { token_type: undefined }, 'svc'],
  ['RFC 7662 §2.1: a refresh token', { token_use: 'refresh_token' }, 'type_not_allowed'],
  ['RFC 7662 §2.1: a refresh token of another server', { typ: 'Refresh' }, 'type_not_allowed'],
  ['OpenID Connect Core §2: an ID token', { token_type: undefined, nonce: 'n' }, 'type_not_allowed'],
  ['OpenID Connect Core §2: an ID token that says so', { typ: 'ID' }, 'type_not_allowed'],
  ['an access token that says so', { token_use: 'access_token', typ: 'at+jwt' }, 'svc'],
  ['RFC 7662 §2.2: no subject', { sub: undefined }, 'claim_refused'],
  ['CVE-2023-27493: a subject that is no header value', { sub: 'a\r\nx: y' }, 'claim_refused'],
  ['a subject that is no text', { sub: 7 }, 'claim_refused'],
] as const) {
  test(`${title}: ${expected}`, (t) => t.is(judge({ ...GOOD, ...change }), expected))
}

test('audiences: any takes an answer without one, because the configuration says so', (t) => {
  t.is(judge({ active: true, sub: 'svc', token_type: 'Bearer' }, { audiences: 'any' }), 'svc')
  t.is(judge({ active: true, sub: 'svc' }, { audiences: 'any' }), 'type_not_allowed', 'it could be a refresh token')
})

test('RFC 9068 §2.2: a token of a client alone may have no subject, and is named where the configuration says so', (t) => {
  const subjectClaim = ['sub', 'client_id']
  t.is(judge({ ...GOOD, sub: undefined, client_id: 'ci' }, { subjectClaim }), 'ci')
  t.is(judge({ ...GOOD, client_id: 'ci' }, { subjectClaim }), 'svc')
  t.is(judge({ ...GOOD, sub: '', client_id: 'ci' }, { subjectClaim }), 'claim_refused', 'a bad name is not passed over')
})

test('names that every object inherits are no members, and none is taken over', (t) => {
  t.is(judge('{"active":true,"aud":"api","__proto__":{"sub":"admin"}}'), 'claim_refused')
  t.is(judge({ active: true, aud: 'api' }, { subjectClaim: 'constructor' }), 'claim_refused')
  t.is(judge('{"active":true,"aud":"api","sub":"svc","__proto__":{"cnf":1}}'), 'svc')
})
