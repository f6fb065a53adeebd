import { readFileSync } from 'node:fs'
import test from 'ava'
import { parse, stringify } from 'yaml'
import { shipped } from '../e2e/read-bootstrap.ts'
import { lintTexts, toCodes } from './lint-texts.ts'

const TYPES = 'type.googleapis.com/envoy'
const POLICY = `
keys: [{directory: ./keys}]
routes:
- {name: health, host: app.example.com, path: /healthz, rule: public}
- {name: app, host: app.example.com, rule: bearer}
`

/** What istiod makes of a CUSTOM policy with these rules: a filter that notes what they match, and ext_authz after it. */
const toIstioDump = (permissions: readonly object[]) => {
  const rbac = {
    name: 'envoy.filters.http.rbac',
    typed_config: {
      '@type': `${TYPES}.extensions.filters.http.rbac.v3.RBAC`,
      shadow_rules: {
        action: 'DENY',
        policies: {
          'istio-ext-authz-bearergate-ns[web]-policy[gate]-rule[0]': { permissions, principals: [ANYBODY] },
          'ns[web]-policy[other]-rule[0]': { permissions: [{ any: true }], principals: [ANYBODY] },
        },
      },
      shadow_rules_stat_prefix: 'istio_ext_authz_',
    },
  }
  const authz = {
    name: 'envoy.filters.http.ext_authz',
    typed_config: {
      '@type': `${TYPES}.extensions.filters.http.ext_authz.v3.ExtAuthz`,
      grpc_service: {
        envoy_grpc: { cluster_name: CLUSTER, authority: 'bearergate.gates.svc.cluster.local' },
        timeout: '1s',
      },
      status_on_error: { code: 'ServiceUnavailable' },
      filter_enabled_metadata: {
        filter: 'envoy.filters.http.rbac',
        path: [{ key: 'istio_ext_authz_shadow_effective_policy_id' }],
        value: { string_match: { prefix: 'istio-ext-authz-bearergate' } },
      },
    },
  }
  const router = { name: 'router', typed_config: { '@type': `${TYPES}.extensions.filters.http.router.v3.Router` } }
  const toManager = (name: string) => ({
    '@type': `${TYPES}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager`,
    rds: { route_config_name: name },
    http_filters: name === 'inbound' ? [rbac, authz, router] : [router],
    normalize_path: true,
    merge_slashes: true,
    path_with_escaped_slashes_action: 'UNESCAPE_AND_FORWARD',
  })
  const toListener = (name: string, traffic_direction: string) => ({
    name,
    active_state: {
      listener: { name, traffic_direction, filter_chains: [{ filters: [{ typed_config: toManager(name) }] }] },
    },
  })
  const toTable = (name: string) => ({
    route_config: {
      name,
      virtual_hosts: [{ name, domains: ['*'], routes: [{ match: { prefix: '/' }, route: { cluster: name } }] }],
    },
  })
  const http2 = { explicit_http_config: { http2_protocol_options: {} } }
  const cluster = { name: CLUSTER, typed_extension_protocol_options: { 'envoy.extensions.upstreams.http.v3': http2 } }
  return {
    configs: [
      { '@type': `${TYPES}.admin.v3.BootstrapConfigDump`, bootstrap: {} },
      { '@type': `${TYPES}.admin.v3.ClustersConfigDump`, dynamic_active_clusters: [{ cluster }] },
      {
        '@type': `${TYPES}.admin.v3.ListenersConfigDump`,
        dynamic_listeners: [toListener('inbound', 'INBOUND'), toListener('outbound', 'OUTBOUND')],
      },
      { '@type': `${TYPES}.admin.v3.RoutesConfigDump`, dynamic_route_configs: ['inbound', 'outbound'].map(toTable) },
    ],
  }
}

const ANYBODY = { and_ids: { ids: [{ any: true }] } }
const CLUSTER = 'outbound|9001||bearergate.gates.svc.cluster.local'
const toPath = (path: object) => ({ url_path: { path } })
const anyOf = (...rules: readonly object[]) => ({ or_rules: { rules } })
const allOf = (...rules: readonly object[]) => ({ and_rules: { rules } })
const not = (rule: object) => ({ not_rule: rule })
const method = (exact: string) => ({ header: { name: ':method', string_match: { exact } } })
const WEBSOCKETS = { header: { name: 'upgrade', present_match: true } }

const ROWS: readonly (readonly [what: string, codes: readonly string[], permissions: readonly object[]])[] = [
  ['every request', [], [allOf({ any: true })]],
  [
    'all but a path, for every method',
    ['BG230 error', 'BG233 error', 'BG235 note'],
    [allOf(not(anyOf(toPath({ exact: '/healthz' }))))],
  ],
  [
    'all but reading a path',
    ['BG230 error', 'BG233 error', 'BG235 note'],
    [allOf(not(anyOf(toPath({ exact: '/healthz' })))), allOf(not(anyOf(method('GET'), method('HEAD')))), WEBSOCKETS],
  ],
  [
    'one path alone',
    ['BG230 error', 'BG231 warning', 'BG233 error', 'BG235 note'],
    [allOf(toPath({ prefix: '/api/' }))],
  ],
  ['what a sample does not tell', [], [{ destination_port: 8080 }]],
]

for (const [what, codes, permissions] of ROWS) {
  test(`a dump of Istio’s Envoy: ${what}`, (t) => {
    t.deepEqual(toCodes(lintTexts(t, POLICY, JSON.stringify(toIstioDump(permissions)))), codes)
  })
}

test('a host that the policy does not know gets through by an exemption on all hosts', (t) => {
  const exempt = [
    allOf(not(anyOf(toPath({ exact: '/healthz' })))),
    allOf(not(anyOf(method('GET'), method('HEAD')))),
    WEBSOCKETS,
  ]
  const [hole] = lintTexts(t, POLICY, JSON.stringify(toIstioDump(exempt)))
  t.regex(hole?.what ?? '', /^GET other\.example\/healthz gets through; the policy has no route for it/)
})

test('an Envoy Gateway dump in camelCase: off in the chain, on at a route', (t) => {
  const root = parse(readFileSync(shipped('front-proxy.yaml'), 'utf8'))
  const toCamelCase = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(toCamelCase)
    if (typeof value !== 'object' || value === null) return value
    const rename = (name: string) => name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
    return Object.fromEntries(
      Object.entries(value).map(([name, child]) => [name.includes('.') ? name : rename(name), toCamelCase(child)]),
    )
  }
  const bootstrap = toCamelCase(root)
  const policy = readFileSync(shipped('front-proxy.policy.yaml'), 'utf8')
  const dump = (one: unknown) => stringify({ xds: { 'web/eg': { configs: [{ bootstrap: one }] } } })
  t.deepEqual(lintTexts(t, policy, dump(bootstrap)), [])
  const [listener] = (bootstrap as typeof root).staticResources.listeners
  listener.filterChains[0].filters[0].typedConfig.httpFilters[1].disabled = true
  t.deepEqual(toCodes(lintTexts(t, policy, dump(bootstrap))), ['BG230 error', 'BG231 warning', 'BG235 note'])
})

test('routes that are not in the file are said to be missing', (t) => {
  const dump = toIstioDump([])
  const findings = lintTexts(t, POLICY, JSON.stringify({ configs: dump.configs.slice(0, 3) }))
  t.deepEqual(toCodes(findings), ['BG002 note'])
  t.is(findings[0]?.what, 'the routes inbound are not in this file')
})
