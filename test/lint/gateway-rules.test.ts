import test from 'ava'
import { parseAllDocuments, stringify } from 'yaml'
import { lintTexts, toCodes } from './lint-texts.ts'

const POLICY = `
keys: [{directory: ./keys}]
routes:
- {name: health, host: app.example.com, path: /healthz, rule: public}
- {name: app, host: app.example.com, rule: bearer}
- {name: ui, host: ui.example.com, rule: public}
`

const OBJECTS = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: eg, namespace: web}
spec:
  gatewayClassName: eg
  listeners: [{name: http, protocol: HTTP, port: 80}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: app, namespace: web, labels: {closed: "yes"}}
spec:
  parentRefs: [{name: eg}]
  hostnames: [app.example.com]
  rules:
  - name: health
    matches: [{path: {type: Exact, value: /healthz}, method: GET}]
    backendRefs: [{name: app, port: 80}]
  - backendRefs: [{name: app, port: 80}]
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: SecurityPolicy
metadata: {name: gate, namespace: web}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: eg}]
  extAuth:
    failOpen: false
    timeout: 1s
    statusOnError: 503
    contextExtensions: []
    grpc: {backendRefs: [{name: bearergate, port: 9001}]}
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: ClientTrafficPolicy
metadata: {name: edge, namespace: web}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: eg}]
  path: {escapedSlashesAction: RejectRequest}
  headers: {earlyRequestHeaders: {removeOnMatch: [{type: RegularExpression, value: "x[^a-z0-9]auth.*"}]}}
`

interface Parts {
  // biome-ignore-start lint/suspicious/noExplicitAny: rows write what no type of a correct object allows
  readonly route: any
  readonly security: any
  readonly extAuth: any
  readonly client: any
  // biome-ignore-end lint/suspicious/noExplicitAny: see above
  readonly add: (object: object) => void
}

const edited = (edit: (parts: Parts) => unknown): string => {
  const objects = parseAllDocuments(OBJECTS).map((document) => document.toJS())
  const [, route, security, client] = objects
  edit({ route, security, extAuth: security.spec.extAuth, client, add: (object) => objects.push(object) })
  return objects.map((object) => stringify(object)).join('---\n')
}

/** A SecurityPolicy of a route, which takes the place of the gateway's. */
const toPolicy = (spec: object, sectionName?: string) => ({
  apiVersion: 'gateway.envoyproxy.io/v1alpha1',
  kind: 'SecurityPolicy',
  metadata: { name: 'own', namespace: 'web' },
  spec: { targetRefs: [{ kind: 'HTTPRoute', name: 'app', ...(sectionName && { sectionName }) }], ...spec },
})

const ROWS: readonly (readonly [what: string, codes: readonly string[], edit: (parts: Parts) => unknown])[] = [
  ['the whole gateway asks', [], () => {}],
  ['failOpen', ['BG401 error'], ({ extAuth }) => Object.assign(extAuth, { failOpen: true })],
  ['no time-out', ['BG402 warning'], ({ extAuth }) => delete extAuth.timeout],
  ['a time-out of 300ms', ['BG402 warning'], ({ extAuth }) => Object.assign(extAuth, { timeout: '300ms' })],
  ['no statusOnError', ['BG403 warning'], ({ extAuth }) => delete extAuth.statusOnError],
  [
    'Authorization alone',
    ['BG404 error', 'BG404 note'],
    ({ extAuth }) => Object.assign(extAuth, { headersToExtAuth: ['Authorization'] }),
  ],
  [
    'all headers that are read',
    [],
    ({ extAuth }) =>
      Object.assign(extAuth, { headersToExtAuth: ['authorization', 'upgrade', 'content-type', 'X-Request-Id'] }),
  ],
  ['bodies', ['BG405 warning'], ({ extAuth }) => Object.assign(extAuth, { bodyToExtAuth: { maxRequestBytes: 1 } })],
  ['recomputeRoute', ['BG406 warning'], ({ extAuth }) => Object.assign(extAuth, { recomputeRoute: true })],
  [
    'an unknown route name',
    ['BG407 error'],
    ({ extAuth }) => extAuth.contextExtensions.push({ name: 'route', value: 'x' }),
  ],
  ['a route name', [], ({ extAuth }) => extAuth.contextExtensions.push({ name: 'route', value: 'app' })],
  [
    'the name of a public route',
    ['BG410 error', 'BG411 warning'],
    ({ extAuth }) => extAuth.contextExtensions.push({ name: 'route', value: 'ui' }),
  ],
  [
    'HTTP',
    ['BG408 note'],
    ({ extAuth }) => {
      extAuth.http = extAuth.grpc
      delete extAuth.grpc
    },
  ],
  ['a JWT beside it', ['BG409 warning'], ({ security }) => Object.assign(security.spec, { jwt: { providers: [] } })],
  [
    'a route whose own policy asks nobody',
    ['BG410 error', 'BG411 warning'],
    ({ add }) => add(toPolicy({ cors: { allowOrigins: ['*'] } })),
  ],
  [
    'a rule for reading /healthz whose own policy asks nobody',
    ['BG410 error'],
    ({ add }) => add(toPolicy({}, 'health')),
  ],
  ['another gateway', ['BG410 error', 'BG411 warning'], ({ route }) => route.spec.parentRefs.push({ name: 'other' })],
  [
    'the policy of the route alone',
    [],
    ({ security }) => Object.assign(security.spec, { targetRefs: [{ kind: 'HTTPRoute', name: 'app' }] }),
  ],
  [
    'the policy of another route',
    ['BG410 error', 'BG411 warning'],
    ({ security }) => Object.assign(security.spec, { targetRefs: [{ kind: 'HTTPRoute', name: 'other' }] }),
  ],
  [
    'routes by a label',
    [],
    ({ security }) => {
      delete security.spec.targetRefs
      security.spec.targetSelectors = [{ kind: 'HTTPRoute', matchLabels: { closed: 'yes' } }]
    },
  ],
  [
    'a UI on its own host, unasked',
    ['BG411 warning'],
    ({ security, add, route }) => {
      security.spec.targetRefs = [{ kind: 'HTTPRoute', name: 'app' }]
      const ui = structuredClone(route)
      ui.metadata = { name: 'ui', namespace: 'web' }
      ui.spec.hostnames = ['ui.example.com']
      ui.spec.rules.shift()
      add(ui)
    },
  ],
  [
    'identity headers that nobody removes',
    ['BG410 error', 'BG411 warning', 'BG412 error'],
    ({ client, add }) => {
      delete client.spec.headers
      add(toPolicy({}))
    },
  ],
  [
    'escaped slashes are kept',
    ['BG420 error'],
    ({ client }) => Object.assign(client.spec.path, { escapedSlashesAction: 'KeepUnchanged' }),
  ],
  [
    'slashes are not merged',
    ['BG421 warning'],
    ({ client }) => Object.assign(client.spec.path, { disableMergeSlashes: true }),
  ],
  [
    'underscores',
    ['BG422 warning'],
    ({ client }) => Object.assign(client.spec.headers, { withUnderscoresAction: 'Allow' }),
  ],
]

for (const [what, codes, edit] of ROWS) {
  test(what, (t) => {
    t.deepEqual(toCodes(lintTexts(t, POLICY, edited(edit))), codes)
  })
}
