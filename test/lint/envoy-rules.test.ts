import { readFileSync } from 'node:fs'
import test from 'ava'
import { parse, stringify } from 'yaml'
import { shipped } from '../e2e/read-bootstrap.ts'
import { lintTexts, toCodes } from './lint-texts.ts'

/** A bootstrap, taken apart as far as the rows below change it. */
interface Parts {
  // biome-ignore-start lint/suspicious/noExplicitAny: rows write what no type of a correct bootstrap allows
  readonly root: any
  readonly manager: any
  readonly authz: any
  readonly service: any
  /** The cluster of the gate. */
  readonly cluster: any
  /** The virtual host of the API. */
  readonly api: any
  readonly ui: any
  // biome-ignore-end lint/suspicious/noExplicitAny: see above
}

const read = (name: string): string => readFileSync(shipped(name), 'utf8')

/** A shipped bootstrap with a change. */
const edited = (edit: (parts: Parts) => void): string => {
  const root = parse(read('front-proxy.yaml'))
  const manager = root.static_resources.listeners[0].filter_chains[0].filters[0].typed_config
  const authz = manager.http_filters[1].typed_config
  const [, cluster] = root.static_resources.clusters
  const [api, ui] = manager.route_config.virtual_hosts
  edit({ root, manager, authz, service: authz.grpc_service, cluster, api, ui })
  return stringify(root)
}

/** Takes a header out of those that the gate is shown. */
const hide = ({ allowed_headers }: Parts['authz'], name: string): void => {
  allowed_headers.patterns = allowed_headers.patterns.filter(({ exact }: { readonly exact?: string }) => exact !== name)
}

const EXT_AUTHZ = 'envoy.filters.http.ext_authz'
const OFF = {
  [EXT_AUTHZ]: {
    '@type': 'type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute',
    disabled: true,
  },
}
const toFilter = (name: string, message: string) => ({
  name,
  typed_config: { '@type': `type.googleapis.com/envoy.extensions.filters.http.${message}` },
})
/** An exempt route that a row changes. */
const exempt = (match: object) => ({
  match,
  route: { cluster: 'service' },
  request_headers_to_remove: ['authorization'],
  typed_per_filter_config: OFF,
})
const toNamed = (route: string) => ({
  [EXT_AUTHZ]: {
    '@type': 'type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute',
    check_settings: { context_extensions: { route } },
  },
})
const IS_GET = { name: ':method', string_match: { exact: 'GET' } }
const READS = { name: ':method', string_match: { safe_regex: { regex: 'GET|HEAD' } } }
const NO_UPGRADE = { name: 'upgrade', present_match: false }

/** Takes away what closes the API on the host of the UI. */
const openHost = (policy: string): string => policy.replace(/- name: no-api\n(?: {2}.*\n)+/, '')

type Row = readonly [
  what: string,
  codes: readonly string[],
  edit: (parts: Parts) => void,
  policy?: (text: string) => string,
]

const ROWS: readonly Row[] = [
  ['nothing is changed', [], () => {}],
  ['no ext_authz', ['BG201 error', 'BG213 warning'], ({ manager }) => manager.http_filters.splice(1, 1)],
  [
    'a second listener without ext_authz',
    ['BG201 warning', 'BG213 warning'],
    ({ root }) => {
      const [listener] = root.static_resources.listeners
      const copy = structuredClone(listener)
      copy.name = 'second'
      copy.filter_chains[0].filters[0].typed_config.http_filters.splice(1, 1)
      root.static_resources.listeners.push(copy)
    },
  ],
  [
    'a cache before the gate',
    ['BG202 error'],
    ({ manager }) => manager.http_filters.unshift(toFilter('envoy.filters.http.cache', 'cache.v3.CacheConfig')),
  ],
  [
    'Lua after the gate',
    ['BG203 warning'],
    ({ manager }) => manager.http_filters.splice(2, 0, toFilter('envoy.filters.http.lua', 'lua.v3.Lua')),
  ],
  [
    'a JWT filter after the gate that chooses another route',
    ['BG203 warning'],
    ({ manager }) => {
      const filter = toFilter('envoy.filters.http.jwt_authn', 'jwt_authn.v3.JwtAuthentication')
      Object.assign(filter.typed_config, { providers: { one: { clear_route_cache: true } } })
      manager.http_filters.splice(2, 0, filter)
    },
  ],
  ['clear_route_cache', ['BG204 warning'], ({ authz }) => Object.assign(authz, { clear_route_cache: true })],
  ['failure_mode_allow', ['BG205 error'], ({ authz }) => Object.assign(authz, { failure_mode_allow: true })],
  [
    'failure_mode_allow in camelCase',
    ['BG205 error'],
    ({ authz }) => {
      delete authz.failure_mode_allow
      authz.failureModeAllow = true
    },
  ],
  [
    'failure_mode_allow with outage: error',
    ['BG110 warning', 'BG205 error', 'BG214 error'],
    ({ authz }) => Object.assign(authz, { failure_mode_allow: true }),
    (text) => `${text}outage: error\n`,
  ],
  [
    'filter_enabled at 50 %',
    ['BG206 error'],
    ({ authz }) => Object.assign(authz, { filter_enabled: { default_value: { numerator: 50 } } }),
  ],
  [
    'filter_enabled without a number is 0 %',
    ['BG206 error'],
    ({ authz }) => Object.assign(authz, { filter_enabled: { runtime_key: 'gate' } }),
  ],
  [
    'filter_enabled at 99 % and the others refused',
    ['BG206 warning'],
    ({ authz }) =>
      Object.assign(authz, {
        filter_enabled: { default_value: { numerator: 9_900, denominator: 'TEN_THOUSAND' } },
        deny_at_disable: { default_value: true },
      }),
  ],
  [
    'filter_enabled at 100 % with a runtime key',
    ['BG206 warning'],
    ({ authz }) => Object.assign(authz, { filter_enabled: { default_value: { numerator: 100 }, runtime_key: 'gate' } }),
  ],
  [
    'filter_enabled at 100 %',
    [],
    ({ authz }) =>
      Object.assign(authz, { filter_enabled: { default_value: { numerator: 100, denominator: 'HUNDRED' } } }),
  ],
  [
    'filter_enabled_metadata',
    ['BG207 error'],
    ({ authz }) => Object.assign(authz, { filter_enabled_metadata: { filter: 'x', path: [{ key: 'y' }] } }),
  ],
  ['shadow_mode', ['BG208 error'], ({ authz }) => Object.assign(authz, { shadow_mode: true })],
  [
    'a matcher around the gate',
    ['BG209 warning'],
    ({ manager }) => {
      const { name, typed_config } = manager.http_filters[1]
      manager.http_filters[1].typed_config = {
        '@type': 'type.googleapis.com/envoy.extensions.common.matching.v3.ExtensionWithMatcher',
        extension_config: { name, typed_config },
      }
    },
  ],
  ['no status_on_error', ['BG210 warning'], ({ authz }) => delete authz.status_on_error],
  ['status_on_error 200', ['BG210 warning'], ({ authz }) => Object.assign(authz, { status_on_error: { code: 'OK' } })],
  ['status_on_error by number', [], ({ authz }) => Object.assign(authz, { status_on_error: { code: 503 } })],
  [
    'denials become 200',
    ['BG211 error'],
    ({ manager }) => Object.assign(manager, { local_reply_config: { mappers: [{ status_code: 200 }] } }),
  ],
  [
    'CORS after the gate',
    ['BG212 warning'],
    ({ manager }) => {
      const [cors, gate, router] = manager.http_filters
      manager.http_filters = [gate, cors, router]
    },
  ],
  [
    'a setting for a filter of another name',
    ['BG213 warning'],
    ({ api }) => Object.assign(api.typed_per_filter_config, { 'envoy.filters.http.ext_authz.other': OFF[EXT_AUTHZ] }),
  ],

  ['Authorization is not shown', ['BG220 error'], ({ authz }) => hide(authz, 'authorization')],
  [
    'upgrade is disallowed, and a websocket would look like a plain GET',
    ['BG220 error'],
    ({ authz }) =>
      Object.assign(authz, { disallowed_headers: { patterns: [{ exact: 'Upgrade', ignore_case: true }] } }),
  ],
  ['content-type is not shown', ['BG220 note'], ({ authz }) => hide(authz, 'content-type')],
  ['origin is not shown, and no route is for preflights', [], ({ authz }) => hide(authz, 'origin')],
  [
    'origin is not shown',
    ['BG220 warning'],
    ({ authz }) => hide(authz, 'origin'),
    (text) => text.replace('routes:', 'routes:\n- {host: api.prefect.example.com, preflight: true, rule: public}'),
  ],
  [
    'spellings of identity headers are not shown, and removed before',
    [],
    ({ authz }) => authz.allowed_headers.patterns.pop(),
  ],
  [
    'spellings of identity headers are neither shown nor removed',
    ['BG220 warning', 'BG233 error'],
    ({ authz, manager }) => {
      authz.allowed_headers.patterns.pop()
      delete manager.early_header_mutation_extensions
    },
  ],
  ['bodies', ['BG221 warning'], ({ authz }) => Object.assign(authz, { with_request_body: { max_request_bytes: 1 } })],
  ['cookies', ['BG222 note'], ({ authz }) => delete authz.allowed_headers],
  [
    'no cookies, by name',
    [],
    ({ authz }) => {
      delete authz.allowed_headers
      authz.disallowed_headers = { patterns: [{ exact: 'cookie' }] }
    },
  ],
  ['joined header lines', ['BG223 note'], ({ authz }) => delete authz.encode_raw_headers],
  ['header changes that are not validated', ['BG224 warning'], ({ authz }) => delete authz.validate_mutations],
  ['client certificates', ['BG225 note'], ({ authz }) => Object.assign(authz, { include_peer_certificate: true })],

  [
    'an exempt prefix',
    ['BG230 error', 'BG231 warning'],
    ({ api }) => api.routes.unshift(exempt({ prefix: '/api/health' })),
  ],
  [
    'an exempt path for all methods',
    ['BG230 error'],
    ({ api }) => api.routes.unshift(exempt({ path: '/api/health', headers: [NO_UPGRADE] })),
  ],
  [
    'an exempt path for writing, too',
    ['BG230 error'],
    ({ api }) => {
      const both = { name: ':method', string_match: { safe_regex: { regex: 'GET|POST' } } }
      api.routes.unshift(exempt({ path: '/api/health', headers: [both, NO_UPGRADE] }))
    },
  ],
  [
    'an exempt path for websockets, too',
    ['BG230 error'],
    ({ api }) => api.routes.unshift(exempt({ path: '/api/health', headers: [IS_GET] })),
  ],
  [
    'an exempt path with its case folded',
    ['BG230 error'],
    ({ api }) =>
      api.routes.unshift(exempt({ path: '/api/health', case_sensitive: false, headers: [IS_GET, NO_UPGRADE] })),
  ],
  [
    'an exempt path that the policy knows',
    [],
    ({ api }) => api.routes.unshift(exempt({ path: '/api/ready', headers: [IS_GET, NO_UPGRADE] })),
  ],
  [
    'an exempt path that the policy does not know',
    ['BG230 error'],
    ({ api }) => api.routes.unshift(exempt({ path: '/docs', headers: [IS_GET, NO_UPGRADE] })),
  ],
  [
    'exempt for who sends a header',
    ['BG230 error'],
    ({ api }) =>
      api.routes.unshift(
        exempt({ path: '/docs', headers: [{ name: 'user-agent', string_match: { prefix: 'kube' } }] }),
      ),
  ],
  [
    'an exempt path whose requests go nowhere',
    [],
    ({ api }) =>
      api.routes.unshift({
        match: { prefix: '/docs' },
        direct_response: { status: 404 },
        typed_per_filter_config: OFF,
      }),
  ],
  [
    'an exempt prefix that is the policy’s',
    ['BG231 warning'],
    ({ api }) => api.routes.unshift(exempt({ prefix: '/assets/', headers: [READS, NO_UPGRADE] })),
    (text) => text.replace('routes:', 'routes:\n- {host: api.prefect.example.com, path: /assets/*, rule: public}'),
  ],
  [
    'an exempt virtual host',
    ['BG230 error', 'BG231 warning', 'BG235 note'],
    ({ api }) => Object.assign(api, { typed_per_filter_config: OFF }),
  ],
  [
    'one of two weighted clusters exempt',
    ['BG230 error', 'BG231 warning', 'BG235 note'],
    ({ api }) => {
      const exempted = { name: 'service', weight: 1, typed_per_filter_config: OFF }
      const clusters = [{ name: 'service', weight: 9 }, exempted]
      api.routes.at(-1).route = { weighted_clusters: { clusters } }
    },
  ],
  [
    'the gate off in the chain and on at one route',
    ['BG230 error', 'BG231 warning', 'BG235 note'],
    ({ manager, ui }) => {
      manager.http_filters[1].disabled = true
      ui.routes.at(-1).typed_per_filter_config = {
        [EXT_AUTHZ]: { '@type': 'type.googleapis.com/envoy.config.route.v3.FilterConfig', config: {} },
      }
    },
  ],
  [
    'off by FilterConfig',
    ['BG230 error'],
    ({ api }) => {
      const off = { '@type': 'type.googleapis.com/envoy.config.route.v3.FilterConfig', disabled: true }
      api.routes.unshift({ ...exempt({ path: '/docs' }), typed_per_filter_config: { [EXT_AUTHZ]: off } })
    },
  ],
  ['one of the health paths asked about', ['BG232 note'], ({ api }) => api.routes.splice(0, 1)],
  ['all health paths asked about', ['BG232 note'], ({ api }) => api.routes.splice(0, 2)],
  ['identity headers pass', ['BG233 error'], ({ manager }) => delete manager.early_header_mutation_extensions],
  [
    'identity headers go by a filter',
    [],
    ({ manager }) => {
      delete manager.early_header_mutation_extensions
      const filter = toFilter('envoy.filters.http.header_mutation', 'header_mutation.v3.HeaderMutation')
      const remove_on_match = { key_matcher: { prefix: 'x' } }
      Object.assign(filter.typed_config, { mutations: { request_mutations: [{ remove_on_match }] } })
      manager.http_filters.unshift(filter)
    },
  ],
  [
    'a host without a route in the policy',
    ['BG230 error', 'BG234 warning'],
    ({ api }) => api.domains.push('www.example.com:8080'),
  ],
  ['Authorization passes', ['BG235 note'], ({ api }) => delete api.routes[0].request_headers_to_remove],
  [
    'a route by an unknown name',
    ['BG236 error'],
    ({ api }) => (api.routes.at(-1).typed_per_filter_config = toNamed('nobody')),
  ],
  ['a route by its name', [], ({ api }) => (api.routes.at(-1).typed_per_filter_config = toNamed('api'))],
  [
    'a public route by its name, for other paths',
    ['BG230 error', 'BG231 warning'],
    ({ api }) => (api.routes.at(-1).typed_per_filter_config = toNamed('probes')),
  ],

  ['a public host with the service of a closed one', ['BG237 warning'], ({ ui }) => ui.routes.shift(), openHost],
  ['a public host where Envoy itself answers for what is closed', [], () => {}, openHost],
  ['a public host whose policy closes the same paths', ['BG230 error'], ({ ui }) => ui.routes.shift()],
  [
    'a public host with a service of its own',
    [],
    ({ ui }) => {
      ui.routes.shift()
      for (const { route } of ui.routes) route.cluster = 'pages'
    },
    openHost,
  ],
  [
    'a public host that shares one of two weighted clusters',
    ['BG237 warning'],
    ({ ui }) => {
      ui.routes.shift()
      const clusters = ['pages', 'service'].map((name) => ({ name, weight: 1 }))
      for (const one of ui.routes) one.route = { weighted_clusters: { clusters } }
    },
    openHost,
  ],

  ['no normalize_path', ['BG240 error'], ({ manager }) => delete manager.normalize_path],
  [
    'no normalize_path where nothing is exempt',
    ['BG232 note', 'BG240 warning'],
    ({ manager, api }) => {
      delete manager.normalize_path
      api.routes.splice(0, 2)
      manager.route_config.virtual_hosts.pop()
    },
  ],
  ['no merge_slashes', ['BG241 error'], ({ manager }) => Object.assign(manager, { merge_slashes: false })],
  [
    'escaped slashes are kept',
    ['BG242 error'],
    ({ manager }) => Object.assign(manager, { path_with_escaped_slashes_action: 'KEEP_UNCHANGED' }),
  ],
  [
    'escaped slashes are unescaped',
    [],
    ({ manager }) => Object.assign(manager, { path_with_escaped_slashes_action: 'UNESCAPE_AND_REDIRECT' }),
  ],
  ['underscores', ['BG243 warning'], ({ manager }) => delete manager.common_http_protocol_options],
  ['no use_remote_address', ['BG244 warning'], ({ manager }) => delete manager.use_remote_address],
  [
    'the admin for all',
    ['BG245 error'],
    ({ root }) => Object.assign(root.admin.address.socket_address, { address: '0.0.0.0' }),
  ],

  ['no time-out', ['BG250 warning'], ({ service }) => delete service.timeout],
  ['Istio’s time-out', ['BG250 warning'], ({ service }) => Object.assign(service, { timeout: '600s' })],
  ['a short time-out', ['BG250 warning'], ({ service }) => Object.assign(service, { timeout: '0.200s' })],
  ['a time-out that never comes', ['BG250 warning'], ({ service }) => Object.assign(service, { timeout: '0s' })],
  [
    'Istio’s cluster name as the authority',
    ['BG251 error'],
    ({ service, cluster }) => {
      cluster.name = service.envoy_grpc.cluster_name = 'outbound|9001||bearergate.svc'
      delete service.envoy_grpc.authority
    },
  ],
  [
    'Contour’s cluster name as the authority',
    ['BG251 error'],
    ({ service, cluster }) => {
      cluster.name = service.envoy_grpc.cluster_name = 'extension/auth/bearergate'
      delete service.envoy_grpc.authority
    },
  ],
  ['a plain cluster name as the authority', [], ({ service }) => delete service.envoy_grpc.authority],
  ['no cluster', ['BG252 error'], ({ service }) => Object.assign(service.envoy_grpc, { cluster_name: 'gate' })],
  ['HTTP/1', ['BG253 error'], ({ cluster }) => delete cluster.typed_extension_protocol_options],
  ['retries after a second', ['BG254 warning'], ({ service }) => delete service.retry_policy.retry_back_off],
  [
    'tries of 50 ms',
    ['BG254 warning'],
    ({ service }) => Object.assign(service.retry_policy.retry_back_off, { max_interval: '0.05s' }),
  ],
  [
    'tries of ten times the base',
    ['BG254 warning'],
    ({ service }) => Object.assign(service.retry_policy, { retry_back_off: { base_interval: '0.005s' } }),
  ],
  ['no retries', ['BG255 note'], ({ service }) => delete service.retry_policy],
  [
    'nobody looks after the gates',
    ['BG256 warning'],
    ({ cluster }) => {
      delete cluster.health_checks
      delete cluster.outlier_detection
    },
  ],
  [
    'all gates can be ejected',
    ['BG257 warning'],
    ({ cluster }) => Object.assign(cluster.outlier_detection, { max_ejection_percent: 100 }),
  ],
  ['three retries at a time', ['BG258 warning'], ({ cluster }) => delete cluster.circuit_breakers],
  [
    'health checks that come too late',
    ['BG259 warning'],
    ({ cluster }) => Object.assign(cluster.health_checks[0], { interval: '5s' }),
  ],
  [
    'google_grpc',
    ['BG260 note'],
    ({ service }) => {
      service.google_grpc = { target_uri: 'bearergate:9001', stat_prefix: 'x' }
      delete service.envoy_grpc
    },
  ],
  [
    'http_service',
    ['BG261 note'],
    ({ authz }) => {
      authz.http_service = { server_uri: { uri: 'http://gate', cluster: 'bearergate', timeout: '1s' } }
      delete authz.grpc_service
    },
  ],
  [
    'another gate for one route',
    ['BG250 warning'],
    ({ api, service }) => {
      const { timeout: _, ...others } = service
      const settings = { ...toNamed('api')[EXT_AUTHZ], check_settings: { grpc_service: others } }
      api.routes.at(-1).typed_per_filter_config = { [EXT_AUTHZ]: settings }
    },
  ],
]

for (const [what, codes, edit, policy = (text: string) => text] of ROWS) {
  test(what, (t) => {
    t.deepEqual(toCodes(lintTexts(t, policy(read('front-proxy.policy.yaml')), edited(edit))), codes)
  })
}
