import test from 'ava'
import { parseDocument, toProblemText } from '../../src/config/document.ts'
import { configSchema } from '../../src/config/schema.ts'

const complain = (text: string, environment: Record<string, string> = {}): readonly string[] => {
  const parsed = parseDocument(text, configSchema, environment)
  return parsed.kind === 'refused' ? parsed.problems.map((problem) => toProblemText('f', problem)) : []
}

const refuses = test.macro({
  exec: (t, text: string, problems: readonly string[]) => t.deepEqual(complain(text), problems),
  title: (title) => `refused with line and column: ${title}`,
})

const ROUTES = 'routes: [{rule: public}]\n'
const HOST = 'write a host name without port, such as api.example.com or *.example.com'
const PATH = 'write a decoded path that starts with / and has no escape, query, ; or dot segment; a subtree ends in /*'
const NAME = 'use a header of your own such as x-auth-request-user: this name routes, frames or authenticates'

test('an empty document', refuses, '', ['f:1:1: routes: is missing'])
test('a list', refuses, '- a', ['f:1:1: must be of type object'])
test('broken YAML', refuses, 'routes: [', [
  'f:1:10: Flow sequence in block collection must be sufficiently indented and end with a ]',
])
test('a key that stands twice', refuses, `${ROUTES}${ROUTES}`, ['f:2:1: Map keys must be unique'])
test('no route at all', refuses, 'routes: []', ['f:1:9: routes: without a route every request is denied'])
test('fields of the wrong type', refuses, 'routes: [3, null]\nissuers: 4', [
  'f:1:10: routes[0]: must be of type object',
  'f:1:13: routes[1]: must be of type object',
  'f:2:10: issuers: must be of type array',
])
test('an unknown field, at its name', refuses, `${ROUTES}listen:\n  grcp: x`, ['f:3:3: listen: unknown field "grcp"'])
test('__proto__ as a field', refuses, `${ROUTES}__proto__: {a: 1}`, ['f:2:1: unknown field "__proto__"'])
test('hosts', refuses, 'routes:\n  - {host: ["a:80", "*", "a b", "[::1]:1", "x,y"], rule: public}', [
  `f:2:13: routes[0].host[0]: ${HOST}`,
  `f:2:21: routes[0].host[1]: ${HOST}`,
  `f:2:26: routes[0].host[2]: ${HOST}`,
  `f:2:33: routes[0].host[3]: ${HOST}`,
  `f:2:44: routes[0].host[4]: ${HOST}`,
])
test('paths', refuses, 'routes:\n  - {path: [a, /a*, /a%20b, /a?b, "/a;b", /a/../b, //a], rule: public}', [
  `f:2:13: routes[0].path[0]: ${PATH}`,
  `f:2:16: routes[0].path[1]: ${PATH}`,
  `f:2:21: routes[0].path[2]: ${PATH}`,
  `f:2:29: routes[0].path[3]: ${PATH}`,
  `f:2:35: routes[0].path[4]: ${PATH}`,
  `f:2:43: routes[0].path[5]: ${PATH}`,
  `f:2:52: routes[0].path[6]: ${PATH}`,
])
test('what only a bearer route has', refuses, 'routes: [{rule: deny, realm: a, scopes: [b], accept: [keys]}]', [
  'f:1:30: routes[0].realm: has a meaning only with rule: bearer',
  'f:1:41: routes[0].scopes: has a meaning only with rule: bearer',
  'f:1:54: routes[0].accept: has a meaning only with rule: bearer',
  'f:1:55: routes[0].accept[0]: nothing under keys is configured for this',
])
test('a preflight with methods', refuses, 'routes: [{rule: public, preflight: true, method: GET}]', [
  'f:1:50: routes[0].method: a preflight is always OPTIONS: leave it out',
])
test('a bearer route that no credential can satisfy', refuses, 'routes: [{rule: bearer}]', [
  'f:1:17: routes[0].rule: no credential could satisfy it: configure keys, issuers, introspection or tokenReview',
])
test(
  'a name and an issuer that stand twice',
  refuses,
  [
    'issuers: [{issuer: "https://a", audiences: [a]}, {issuer: "https://a", audiences: [a]}]',
    'routes: [{rule: public, name: a}, {rule: public, name: a}]',
  ].join('\n'),
  ['f:1:59: issuers[1].issuer: is issuers[0] already', 'f:2:56: routes[1].name: is the name of a route above'],
)
test(
  'RFC 8725 §3.2: algorithms that are none or symmetric',
  refuses,
  ['issuers: [{issuer: "https://a", audiences: [a], algorithms: [none, HS256, RS256]}]', ROUTES].join('\n'),
  [
    'f:1:62: issuers[0].algorithms[0]: use one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519',
    'f:1:68: issuers[0].algorithms[1]: use one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519',
  ],
)
test(
  'key URLs that are not https or loopback',
  refuses,
  [
    'issuers:',
    '  - {issuer: a, audiences: [a], jwksUri: "http://id.example.com/"}',
    '  - {issuer: b, audiences: [a], jwksUri: "http://127.0.0.1.example.com/"}',
    '  - {issuer: c, audiences: [a], jwksUri: "https://user:pw@id.example.com/"}',
    '  - {issuer: "http://d", audiences: [a]}',
    '  - {issuer: e, audiences: [a], jwksUri: "http://127.0.0.1:1/", jwksFile: x}',
    ROUTES,
  ].join('\n'),
  [
    'f:2:42: issuers[0].jwksUri: write an https URL; http is allowed for loopback hosts only',
    'f:3:42: issuers[1].jwksUri: write an https URL; http is allowed for loopback hosts only',
    'f:4:42: issuers[2].jwksUri: write an https URL; http is allowed for loopback hosts only',
    'f:5:14: issuers[3].issuer: to discover its keys this must be an https URL; or set jwksUri or jwksFile',
    'f:6:5: issuers[4]: write jwksUri or jwksFile, not both',
  ],
)
test(
  'identity headers that route, frame or authenticate, or stand twice',
  refuses,
  [
    'identity:',
    '  subject: Host',
    '  issuer: x-forwarded-for',
    '  scopes: ":path"',
    '  keyId: x_key',
    '  claims: {email: x-a, owner: X-A}',
    ROUTES,
  ].join('\n'),
  [
    `f:2:12: identity.subject: ${NAME}`,
    `f:3:11: identity.issuer: ${NAME}`,
    `f:4:11: identity.scopes: ${NAME}`,
    `f:5:10: identity.keyId: ${NAME}`,
    'f:6:31: identity.claims.owner: x-a is set by a field above',
  ],
)
test(
  'durations that a timer cannot wait for, or that would ask all the time',
  refuses,
  [
    'drain: {delay: 2h}',
    'issuers: [{issuer: "https://a", audiences: [a], refresh: 0s}, {issuer: "https://b", audiences: [a], refresh: 30d}]',
    ROUTES,
  ].join('\n'),
  [
    'f:1:16: drain.delay: is longer than 1h',
    'f:2:58: issuers[0].refresh: is shorter than 1s',
    'f:2:110: issuers[1].refresh: is longer than 7d',
  ],
)
const CREDENTIAL =
  'write bearer, basic, websocketProtocol, clientCertificate, {header: NAME}, {cookie: NAME}, {basic: {…}} or {clientCertificate: {…}}'
const HEADER = 'use a header such as x-api-key: this name routes, frames or authenticates in another way'
test(
  'places for a credential that are none',
  refuses,
  [
    'keys: [{directory: keys}]',
    'routes:',
    '  - {rule: bearer, credentials: []}',
    '  - {rule: bearer, credentials: [digest, {heder: x-api-key}, {header: a, cookie: b}]}',
    '  - {rule: bearer, credentials: [{header: Authorization}, {header: x-forwarded-client-cert}, {header: x_key}]}',
    '  - {rule: bearer, credentials: [{cookie: "a b"}, {basic: {htpasswd: x}}, {clientCertificate: {allowed: ["*.a"]}}]}',
    '  - {rule: bearer, credentials: [bearer, basic, {basic: {realm: a}}, {header: x-key}, {header: X-Key}]}',
    '  - {rule: public, credentials: [bearer], several: first, origins: ["https://a"]}',
    '  - {rule: bearer, origins: ["https://a/", "a.example.com"], several: all}',
  ].join('\n'),
  [
    'f:3:33: routes[0].credentials: the list is empty',
    `f:4:34: routes[1].credentials[0]: ${CREDENTIAL}`,
    `f:4:42: routes[1].credentials[1]: ${CREDENTIAL}`,
    `f:4:62: routes[1].credentials[2]: ${CREDENTIAL}`,
    `f:5:43: routes[2].credentials[0].header: ${HEADER}`,
    `f:5:68: routes[2].credentials[1].header: ${HEADER}`,
    `f:5:103: routes[2].credentials[2].header: ${HEADER}`,
    'f:6:43: routes[3].credentials[0].cookie: a cookie has a name without spaces, = and ;',
    'f:6:60: routes[3].credentials[1].basic: unknown field "htpasswd"',
    'f:6:106: routes[3].credentials[2].clientCertificate.allowed[0]: write a name as it stands in the certificate, such as spiffe://td/ns/x/sa/y; one that ends in /* is for all below it',
    'f:7:49: routes[4].credentials[2]: stands twice: see credentials[1]',
    'f:7:87: routes[4].credentials[4]: stands twice: see credentials[3]',
    'f:8:33: routes[5].credentials: has a meaning only with rule: bearer',
    'f:8:52: routes[5].several: has a meaning only with rule: bearer',
    'f:8:68: routes[5].origins: has a meaning only with rule: bearer',
    'f:9:30: routes[6].origins[0]: write an origin such as https://ui.example.com',
    'f:9:44: routes[6].origins[1]: write an origin such as https://ui.example.com',
    'f:9:71: routes[6].several: write refuse or first',
  ],
)
test(
  'credentials that nothing could satisfy, or that tell the upstream who called',
  refuses,
  [
    'identity: {subject: x-user}',
    'routes:',
    '  - {rule: bearer, credentials: [{basic: {htpasswdFile: people}}, clientCertificate]}',
    '  - {rule: bearer, credentials: [basic, clientCertificate]}',
    '  - {rule: bearer, credentials: [clientCertificate], scopes: [a]}',
    '  - {rule: bearer, credentials: [{header: X-User}, clientCertificate]}',
  ].join('\n'),
  [
    'f:4:12: routes[1].rule: no credential could satisfy it: configure keys, issuers, introspection or tokenReview',
    'f:5:62: routes[2].scopes: no credential could satisfy it: users and certificates have no scopes',
    'f:6:12: routes[3].rule: no credential could satisfy it: configure keys, issuers, introspection or tokenReview',
    'f:6:34: routes[3].credentials[0]: x-user tells the upstream who called: see identity',
  ],
)

test('an environment variable that is not set', refuses, `${ROUTES}log: {level: "\${env:LEVEL}"}`, [
  'f:2:14: the environment variable LEVEL is not set',
  'f:2:14: log.level: Invalid option: expected one of "debug"|"info"|"warn"|"error"|"silent"',
])

test('environment variables are read only where the file names them', (t) => {
  const text = `${ROUTES}log: {level: "\${env:LEVEL}"}`
  const parsed = parseDocument(text, configSchema, { LEVEL: 'warn', BEARERGATE_LOG_LEVEL: 'debug' })
  t.is(parsed.kind === 'parsed' && parsed.value.log.level, 'warn')
})

test('the defaults are the safe ones', (t) => {
  const parsed = parseDocument(`${ROUTES}issuers: [{issuer: "https://a", audiences: [b]}]`, configSchema)
  if (parsed.kind !== 'parsed') return t.fail()
  const { listen, outage, log, drain, identity, issuers } = parsed.value
  t.deepEqual(listen, { grpc: '127.0.0.1:9001', ops: '127.0.0.1:9003' })
  t.is(outage, 'denied')
  t.deepEqual(log, { level: 'info', decisions: 'refused', expiryWarning: 14 * 86_400_000 })
  t.deepEqual(drain, { delay: 5_000, timeout: 10_000 })
  t.deepEqual(identity, { subject: 'x-auth-request-user', claims: {} })
  t.like(issuers[0], {
    clockTolerance: 30_000,
    maxTokenAge: 0,
    refresh: 300_000,
    maxStale: 86_400_000,
    subjectClaim: 'sub',
    types: ['at+jwt', 'JWT', 'absent'],
    idTokens: 'refuse',
  })
})
