import test from 'ava'
import { parseAllDocuments, stringify } from 'yaml'
import { lintTexts, toCodes } from './lint-texts.ts'

const POLICY = `
listen: {grpc: "0.0.0.0:9001"}
keys: [{directory: ./keys}]
routes:
- {name: health, host: app.example.com, path: /healthz, rule: public}
- {name: files, host: app.example.com, path: /public/*, rule: public}
- {name: app, host: app.example.com, rule: bearer}
`

const MESH = `
extensionProviders:
- name: bearergate
  envoyExtAuthzGrpc:
    service: bearergate.gates.svc.cluster.local
    port: 9001
    timeout: 1s
    failOpen: false
    statusOnError: "503"
pathNormalization: {normalization: DECODE_AND_MERGE_SLASHES}
rootNamespace: istio-system
`

const OBJECTS = `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: gate, namespace: istio-system}
spec:
  selector: {matchLabels: {istio: ingressgateway}}
  action: CUSTOM
  provider: {name: bearergate}
  rules: [{}]
---
apiVersion: v1
kind: Service
metadata: {name: bearergate, namespace: gates}
spec:
  ports:
  - {name: ops, port: 9003}
  - {name: grpc, port: 9001, appProtocol: grpc}
`

interface Parts {
  // biome-ignore-start lint/suspicious/noExplicitAny: rows write what no type of a correct object allows
  readonly mesh: any
  readonly provider: any
  readonly custom: any
  readonly service: any
  // biome-ignore-end lint/suspicious/noExplicitAny: see above
  readonly add: (text: string) => void
}

const read = (text: string) => parseAllDocuments(text).map((document) => document.toJS())

const edited = (edit: (parts: Parts) => unknown): readonly string[] => {
  const [mesh] = read(MESH)
  const objects = read(OBJECTS)
  const [custom, service] = objects
  const add = (text: string) => objects.push(...read(text))
  edit({ mesh, provider: mesh.extensionProviders[0].envoyExtAuthzGrpc, custom, service, add })
  return [stringify(mesh), objects.map((object) => stringify(object)).join('---\n')]
}

const toOperation = (operation: object) => [{ to: [{ operation }] }]
/** What may write, and websockets, are brought to the gate whatever their path. */
const ALL_BUT_READING = [
  ...toOperation({ notMethods: ['GET', 'HEAD'] }),
  { when: [{ key: 'request.headers[upgrade]', values: ['*'] }] },
]
const toIstio = (kind: string, spec: object): string =>
  stringify({ apiVersion: 'networking.istio.io/v1', kind, metadata: { name: 'one', namespace: 'istio-system' }, spec })
const toSidecar = (hosts: readonly string[]): string => toIstio('Sidecar', { egress: [{ hosts }] })
const toDestination = (trafficPolicy: object): string =>
  toIstio('DestinationRule', { host: 'bearergate.gates.svc.cluster.local', trafficPolicy })
const toServiceEntry = (protocol: string): string =>
  toIstio('ServiceEntry', { hosts: ['gate.local'], ports: [{ number: 9001, name: 'check', protocol }] })

const REMOVES = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: app, namespace: app}
spec:
  http:
  - headers: {request: {remove: [X-Auth-Request-User]}}
    route: [{destination: {host: app}}]
`

const ROWS: readonly (readonly [what: string, codes: readonly string[], edit: (parts: Parts) => unknown])[] = [
  ['every request is brought to the gate', [], () => {}],
  [
    'another provider',
    ['BG301 error', 'BG501 error'],
    ({ mesh, service }) => {
      mesh.extensionProviders[0].name = 'gate'
      service.spec.ports[1] = { name: 'tcp', port: 9001 }
    },
  ],
  [
    'a provider name with an underscore',
    ['BG302 error'],
    ({ mesh, custom }) => {
      mesh.extensionProviders[0].name = custom.spec.provider.name = 'bearer_gate'
    },
  ],
  [
    'a field of the HTTP provider',
    ['BG303 error'],
    ({ provider }) => Object.assign(provider, { headersToUpstreamOnAllow: ['x'] }),
  ],
  ['a misspelt field of the mesh', ['BG303 warning'], ({ mesh }) => Object.assign(mesh, { extensionProvider: [] })],
  [
    'snake_case',
    [],
    ({ mesh }) => {
      mesh.path_normalization = mesh.pathNormalization
      delete mesh.pathNormalization
    },
  ],
  ['no time-out', ['BG304 warning'], ({ provider }) => delete provider.timeout],
  ['failOpen', ['BG305 error'], ({ provider }) => Object.assign(provider, { failOpen: true })],
  ['no statusOnError', ['BG306 warning'], ({ provider }) => delete provider.statusOnError],
  ['clearRouteCache', ['BG307 warning'], ({ provider }) => Object.assign(provider, { clearRouteCache: true })],
  [
    'bodies',
    ['BG308 warning'],
    ({ provider }) => Object.assign(provider, { includeRequestBodyInCheck: { maxRequestBytes: 1 } }),
  ],
  ['a loopback address', ['BG309 error'], ({ provider }) => Object.assign(provider, { service: '127.0.0.1' })],
  ['a short name', ['BG309 error'], ({ provider }) => Object.assign(provider, { service: 'bearergate' })],
  [
    'the namespace before the name',
    [],
    ({ provider }) => Object.assign(provider, { service: 'gates/bearergate.gates.svc.cluster.local' }),
  ],
  ['paths as they come, and no rule names one', [], ({ mesh }) => delete mesh.pathNormalization],

  [
    'two providers',
    ['BG301 error', 'BG320 error'],
    ({ custom, add }) => {
      const other = structuredClone(custom)
      other.metadata.name = 'other'
      other.spec.provider.name = 'other'
      add(stringify(other))
    },
  ],
  [
    'two providers for two workloads',
    ['BG301 error'],
    ({ custom, add }) => {
      const other = structuredClone(custom)
      other.spec.provider.name = 'other'
      other.spec.selector.matchLabels.istio = 'egressgateway'
      add(stringify(other))
    },
  ],
  ['no rules', ['BG321 error', 'BG325 error', 'BG329 warning'], ({ custom }) => delete custom.spec.rules],
  [
    'hosts',
    ['BG322 error'],
    ({ custom }) =>
      Object.assign(custom.spec, { rules: toOperation({ hosts: ['app.example.com', 'app.example.com:*'] }) }),
  ],
  [
    'hosts beside an ALLOW policy',
    ['BG322 warning'],
    ({ custom, add }) => {
      custom.spec.rules = toOperation({ hosts: ['App.example.com'] })
      const { provider: _, action: __, ...spec } = custom.spec
      add(stringify({ ...custom, spec }))
    },
  ],
  [
    'notHosts',
    ['BG323 warning'],
    ({ custom }) => Object.assign(custom.spec, { rules: toOperation({ notHosts: ['ui.example.com'] }) }),
  ],
  [
    'notPaths of a subtree',
    ['BG324 warning', 'BG325 error', 'BG329 warning'],
    ({ custom }) => Object.assign(custom.spec, { rules: toOperation({ notPaths: ['/public/*'] }) }),
  ],
  [
    'notPaths of a subtree for reading alone',
    ['BG324 warning', 'BG329 warning'],
    ({ custom }) =>
      Object.assign(custom.spec, { rules: [...toOperation({ notPaths: ['/public/*'] }), ...ALL_BUT_READING] }),
  ],
  [
    'notPaths of a subtree with BASE',
    ['BG310 warning', 'BG324 error', 'BG329 warning'],
    ({ custom, mesh }) => {
      mesh.pathNormalization.normalization = 'BASE'
      custom.spec.rules = [...toOperation({ notPaths: ['/public/{**}'] }), ...ALL_BUT_READING]
    },
  ],
  [
    'an exact path, with identity headers removed',
    [],
    ({ custom, add }) => {
      custom.spec.rules = [...toOperation({ notPaths: ['/healthz'] }), ...ALL_BUT_READING]
      add(REMOVES)
    },
  ],
  [
    'an exact path that the policy does not know',
    ['BG325 error'],
    ({ custom, add }) => {
      custom.spec.rules = [...toOperation({ notPaths: ['/docs'] }), ...ALL_BUT_READING]
      add(REMOVES)
    },
  ],
  [
    'some paths alone',
    ['BG325 error', 'BG329 warning'],
    ({ custom }) => Object.assign(custom.spec, { rules: toOperation({ paths: ['/api/*'] }) }),
  ],
  [
    'who calls',
    ['BG326 error', 'BG327 warning'],
    ({ custom }) => Object.assign(custom.spec, { rules: [{ from: [{ source: { principals: ['*'] } }] }] }),
  ],
  [
    'an address',
    ['BG327 warning'],
    ({ custom }) => Object.assign(custom.spec, { rules: [{ from: [{ source: { notIpBlocks: ['10.0.0.0/8'] } }] }] }),
  ],
  [
    'a claim',
    ['BG326 error', 'BG327 warning'],
    ({ custom }) =>
      Object.assign(custom.spec, { rules: [{ when: [{ key: 'request.auth.claims[iss]', values: ['x'] }] }] }),
  ],
  [
    'a dry run',
    ['BG328 error'],
    ({ custom }) => Object.assign(custom.metadata, { annotations: { 'istio.io/dry-run': 'true' } }),
  ],
  ['a Sidecar that shows the gate', [], ({ add }) => add(toSidecar(['./*', 'gates/*']))],
  ['a Sidecar that hides the gate', ['BG330 error'], ({ add }) => add(toSidecar(['./*', 'istio-system/*']))],
  [
    'TLS without a name',
    ['BG331 warning'],
    ({ add }) => add(toDestination({ tls: { mode: 'SIMPLE', caCertificates: '/ca.pem' } })),
  ],
  ['TLS with a name', [], ({ add }) => add(toDestination({ tls: { mode: 'SIMPLE', subjectAltNames: ['gate'] } }))],
  [
    'all gates can be ejected',
    ['BG332 warning'],
    ({ add }) => add(toDestination({ outlierDetection: { maxEjectionPercent: 100 } })),
  ],
  [
    'an EnvoyFilter',
    ['BG333 note'],
    ({ add }) => {
      const patch = { operation: 'MERGE', value: { name: 'envoy.filters.http.ext_authz' } }
      add(
        stringify({
          apiVersion: 'networking.istio.io/v1alpha3',
          kind: 'EnvoyFilter',
          spec: { configPatches: [{ patch }] },
        }),
      )
    },
  ],

  [
    'a port named http',
    ['BG501 error'],
    ({ service }) => Object.assign(service.spec, { ports: [{ name: 'http', port: 9001 }] }),
  ],
  ['a port without a name', ['BG501 error'], ({ service }) => Object.assign(service.spec, { ports: [{ port: 9001 }] })],
  [
    'a port named grpc',
    [],
    ({ service }) => Object.assign(service.spec, { ports: [{ name: 'grpc-check', port: 9001 }] }),
  ],
  [
    'appProtocol counts more than the name',
    ['BG501 error'],
    ({ service }) => Object.assign(service.spec, { ports: [{ name: 'grpc', port: 9001, appProtocol: 'http' }] }),
  ],
  [
    'h2c',
    [],
    ({ service }) =>
      Object.assign(service.spec, { ports: [{ name: 'x', port: 9001, appProtocol: 'kubernetes.io/h2c' }] }),
  ],
  [
    'a ServiceEntry for HTTP',
    ['BG501 error'],
    ({ provider, add }) => {
      provider.service = 'gate.local'
      add(toServiceEntry('HTTP'))
    },
  ],
  [
    'a ServiceEntry for gRPC',
    [],
    ({ provider, add }) => {
      provider.service = 'gate.local'
      add(toServiceEntry('GRPC'))
    },
  ],
  ['another port', ['BG502 error'], ({ provider }) => Object.assign(provider, { port: 9000 })],
  ['a LoadBalancer', ['BG503 warning'], ({ service }) => Object.assign(service.spec, { type: 'LoadBalancer' })],
]

test('objects in a list, and the mesh in a ConfigMap, with their lines', (t) => {
  const list = [
    'apiVersion: v1',
    'kind: List',
    'items:',
    '- apiVersion: v1',
    '  kind: ConfigMap',
    '  metadata: {name: istio, namespace: istio-system}',
    '  data:',
    '    mesh: |',
    ...MESH.replace('failOpen: false', 'failOpen: true')
      .trim()
      .split('\n')
      .map((line) => `      ${line}`),
  ]
  const findings = lintTexts(t, POLICY, list.join('\n'))
  t.deepEqual(toCodes(findings), ['BG305 error'])
  t.is(findings[0]?.line, 1 + list.findIndex((line) => line.includes('failOpen')))
})

for (const [what, codes, edit] of ROWS) {
  test(what, (t) => {
    t.deepEqual(toCodes(lintTexts(t, POLICY, ...edited(edit))), codes)
  })
}
