import test from 'ava'
import { parse, parseAllDocuments } from 'yaml'
import { renderEnvoy } from '../../src/render/render-envoy.ts'
import { renderEnvoyGateway } from '../../src/render/render-envoy-gateway.ts'
import { renderIstio, renderIstioMeshConfig } from '../../src/render/render-istio.ts'
import { renderNginx } from '../../src/render/render-nginx.ts'
import { address, envoyOptions, textOf, upstream } from './envoy-options.ts'
import { toConfig } from './to-config.ts'

interface KubernetesObject {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace: string }
  // biome-ignore lint/suspicious/noExplicitAny: objects of many kinds
  readonly spec: any
}

const toObjects = (text: string): readonly KubernetesObject[] => parseAllDocuments(text).map((one) => one.toJS())

const ROUTES = [
  { name: 'api', host: 'api.example.com', rule: 'bearer' },
  { host: 'www.example.com', path: '/health', rule: 'public' },
  { name: 'www', host: 'www.example.com', rule: 'bearer' },
  { name: 'ui', host: 'ui.example.com', rule: 'public' },
]
const config = toConfig({ routes: ROUTES })
const gate = { name: 'bearergate', namespace: 'gate', port: 9001 }
const istio = { introduction: 'x', namespace: 'app', provider: 'bearergate', gate }
const gateway = {
  ...{ introduction: 'x', namespace: 'app', gateway: 'edge', gatewayClass: 'eg', gate, trustedHops: 1 },
  ...{ upstreams: [upstream('web:80'), upstream('/old=none')], corsOrigins: [], corsHeaders: 'authorization' },
}

test('istio: whatever is aimed at, every request is asked about', (t) => {
  const spec = (target: Parameters<typeof renderIstio>[1]['target']) =>
    toObjects(textOf(renderIstio(config, { ...istio, target })))[0]?.spec
  const common = { action: 'CUSTOM', provider: { name: 'bearergate' }, rules: [{}] }
  t.deepEqual(spec({ kind: 'selector', labels: { app: 'web' } }), {
    selector: { matchLabels: { app: 'web' } },
    ...common,
  })
  const toRefs = (group: string, kind: string) => [{ group, kind, name: 'x' }]
  t.deepEqual(spec({ kind: 'gateway', name: 'x' }), {
    targetRefs: toRefs('gateway.networking.k8s.io', 'Gateway'),
    ...common,
  })
  t.deepEqual(spec({ kind: 'service', name: 'x' }), { targetRefs: toRefs('', 'Service'), ...common })
})

test('istio: the provider has a short time-out, is closed without an answer, and says 503 then', (t) => {
  const text = textOf(renderIstioMeshConfig(config, { ...istio, target: { kind: 'gateway', name: 'x' } }))
  t.deepEqual(parse(text).meshConfig.extensionProviders, [
    {
      name: 'bearergate',
      envoyExtAuthzGrpc: {
        ...{ service: 'bearergate.gate.svc.cluster.local', port: 9001 },
        ...{ timeout: '1s', statusOnError: '503', failOpen: false },
      },
    },
  ])
})

test('envoy-gateway: the policy is on the Gateway, and a route is named only where it alone decides', (t) => {
  const objects = toObjects(textOf(renderEnvoyGateway(config, gateway)))
  const policies = objects.filter(({ kind }) => kind === 'SecurityPolicy')
  t.deepEqual(
    policies.map(({ metadata: { name }, spec }) => [name, spec.targetRefs[0].kind, spec.extAuth.contextExtensions]),
    [
      ['bearergate', 'Gateway', undefined],
      ['api.example.com', 'HTTPRoute', [{ name: 'route', type: 'Value', value: 'api' }]],
    ],
  )
  for (const { spec } of policies) {
    t.false(spec.extAuth.failOpen)
    t.is(spec.extAuth.statusOnError, 503)
    t.is(spec.extAuth.headersToExtAuth, undefined)
  }
  const [traffic] = objects.filter(({ kind }) => kind === 'ClientTrafficPolicy')
  t.deepEqual(traffic?.spec.path, { disableMergeSlashes: false, escapedSlashesAction: 'RejectRequest' })
  t.is(traffic?.spec.headers.withUnderscoresAction, 'RejectRequest')
  t.deepEqual(
    objects.map(({ kind, metadata: { name, namespace } }) => `${kind} ${namespace}/${name}`),
    [
      ...['SecurityPolicy app/bearergate', 'ClientTrafficPolicy app/bearergate', 'Gateway app/edge'],
      ...['HTTPRoute app/api.example.com', 'HTTPRoute app/www.example.com', 'HTTPRoute app/ui.example.com'],
      ...['HTTPRouteFilter app/nothing-here', 'SecurityPolicy app/api.example.com'],
      'ReferenceGrant gate/bearergate-to-securitypolicy',
    ],
  )
})

test('CVE-2025-64484: identity headers go in every spelling, but not the header that a credential is read from', (t) => {
  const patterns = (routes: readonly unknown[]) => {
    const names = { subject: 'x-auth-request-user', issuer: 'x-issuer' }
    const text = textOf(renderEnvoy(toConfig({ routes, identity: names }), envoyOptions()))
    const manager = parse(text).static_resources.listeners[0].filter_chains[0].filters[0].typed_config
    const [{ typed_config }] = manager.early_header_mutation_extensions
    return typed_config.mutations.map(
      (one: KubernetesObject['spec']) => one.remove_on_match.key_matcher.safe_regex.regex,
    )
  }
  t.deepEqual(patterns([{ rule: 'bearer' }]), ['x[^a-z0-9]auth[^a-z0-9]request[^a-z0-9].*', 'x[^a-z0-9]issuer'])
  t.deepEqual(patterns([{ rule: 'bearer', credentials: [{ header: 'x-auth-request-access-token' }] }]), [
    'x[^a-z0-9]auth[^a-z0-9]request[^a-z0-9]user',
    'x[^a-z0-9]issuer',
  ])
})

test('the gate is shown each header that its policy reads, and no open path shows the service a credential', (t) => {
  const routes = [
    { path: '/health', rule: 'public' },
    { rule: 'bearer', credentials: [{ header: 'x-api-key' }] },
  ]
  const text = textOf(renderEnvoy(toConfig({ routes }), envoyOptions()))
  t.true(text.includes('- exact: x-api-key\n'))
  t.is(text.split('request_headers_to_remove: [authorization, x-api-key]\n').length, 2)
})

test('nginx: each identity header is taken from the gate, and what is judged is written by nginx', (t) => {
  const doors = [{ kind: 'nginx', path: '/door', trustedProxies: ['127.0.0.1'], timeout: '2s' }]
  const text = textOf(
    renderNginx(toConfig({ listen: { http: '127.0.0.1:9002' }, doors, routes: ROUTES.slice(0, 1) }), {
      ...{ introduction: 'x', listen: address('127.0.0.1:80'), gates: [address('127.0.0.1:9002')] },
      upstreams: [upstream('127.0.0.1:4200')],
    }),
  )
  for (const line of [
    ...['server_name api.example.com;', 'auth_request /_bearergate;', 'proxy_pass http://bearergate/door;'],
    ...[
      'internal;',
      'proxy_read_timeout 2000ms;',
      'error_page 500 = @bearergate_outage;',
      'listen 127.0.0.1:80 default_server;',
    ],
    ...['auth_request_set $bearergate_x_auth_request_user $upstream_http_x_auth_request_user;', 'return 404;'],
    ...['proxy_set_header x-auth-request-user $bearergate_x_auth_request_user;', 'underscores_in_headers off;'],
    ...[
      'proxy_set_header X-Original-URL $scheme://$host$request_uri;',
      'proxy_set_header Authorization $bearergate_authorization;',
    ],
    ...['proxy_set_header X-Original-Method $request_method;', 'proxy_pass http://service;'],
  ]) {
    t.true(text.includes(` ${line}\n`), line)
  }
})
