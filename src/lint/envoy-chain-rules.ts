import { type EnvoyScene, eachGate } from './envoy-scene.ts'
import type { HttpFilter, Manager } from './envoy-view.ts'
import { type Gate, isGate } from './gates.ts'
import type { Found, Rule } from './rule.ts'

/** Whether the filter chain lets the gate decide at all. */
export const envoyChainRules: readonly Rule<EnvoyScene>[] = [
  {
    code: 'BG201',
    level: 'error',
    title: 'no ext_authz in a filter chain',
    why: 'Nothing on this listener asks the gate: every request is passed on.',
    fix: 'Put envoy.filters.http.ext_authz into http_filters, before the router.',
    find: ({ envoy }) => {
      const isSomeGated = envoy.managers.some(({ filters }) => filters.some(isGate))
      return envoy.managers
        .filter((manager) => !manager.filters.some(isGate) && passesOn(manager))
        .map(({ part }) => ({
          at: part,
          what: 'requests are passed on unasked',
          // Beside a listener that asks, one that does not may be meant so.
          ...(isSomeGated && { level: 'warning' as const }),
        }))
    },
  },
  {
    code: 'BG202',
    level: 'error',
    title: 'a filter answers before the gate is asked',
    why: 'What stands in a cache or in a file is given to everybody.',
    fix: 'Move it behind ext_authz.',
    find: ({ envoy }) =>
      envoy.managers.flatMap(({ filters }) =>
        filters
          .slice(0, Math.max(filters.findIndex(isGate), 0))
          .filter(({ type }) => ANSWERS.has(type))
          .map(({ part, name }) => ({ at: part, what: `${name} comes first` })),
      ),
  },
  {
    code: 'BG203',
    level: 'warning',
    title: 'a filter can choose another route after the gate was asked',
    why: 'The gate has judged one path, and another is passed on.',
    fix: 'Move it before ext_authz, or make sure that it changes neither path, host nor route.',
    find: ({ envoy }) =>
      envoy.managers.flatMap(({ filters }) => {
        const last = filters.findLastIndex(isGate)
        return last < 0
          ? []
          : filters
              .slice(last + 1)
              .filter(canReroute)
              .map(({ part, name }) => ({ at: part, what: name }))
      }),
  },
  {
    code: 'BG204',
    level: 'warning',
    title: 'the route is chosen again after the gate has answered',
    why: 'Headers that the gate sets can lead to a route that was never judged, with ext_authz off or another upstream.',
    fix: 'Leave clear_route_cache out.',
    find: eachGate(({ config }) => {
      const at = config.get('clear_route_cache')
      return at.isTrue ? [{ at, what: 'clear_route_cache: true' }] : []
    }),
  },
  {
    code: 'BG205',
    level: 'error',
    title: 'failure_mode_allow',
    why: 'While no gate answers in time, every request is let through.',
    fix: 'Set failure_mode_allow: false.',
    find: eachGate(({ config }) => {
      const at = config.get('failure_mode_allow')
      return at.isTrue ? [{ at, what: 'failure_mode_allow: true' }] : []
    }),
  },
  {
    code: 'BG206',
    level: 'error',
    title: 'the gate is not asked about all requests',
    why: 'The requests left out are let through; with deny_at_disable they are refused.',
    fix: 'Leave filter_enabled out.',
    find: eachGate(({ config }) => findShare(config)),
  },
  {
    code: 'BG207',
    level: 'error',
    title: 'metadata decide whether the gate is asked',
    why: 'A request without these metadata is let through, unasked.',
    fix: 'Leave filter_enabled_metadata out. (What Istio generates is no finding: see its AuthorizationPolicy.)',
    find: eachGate(({ config, writer }) => {
      const at = config.get('filter_enabled_metadata')
      return at.isThere && writer !== 'istio' ? [{ at, what: 'filter_enabled_metadata' }] : []
    }),
  },
  {
    code: 'BG208',
    level: 'error',
    title: 'shadow_mode',
    why: 'Refusals are counted and let through.',
    fix: 'Leave shadow_mode out.',
    find: eachGate(({ config }) => {
      const at = config.get('shadow_mode')
      return at.isTrue ? [{ at, what: 'shadow_mode: true' }] : []
    }),
  },
  {
    code: 'BG209',
    level: 'warning',
    title: 'a matcher decides whether the gate is asked',
    why: 'What the matcher skips is let through, and this program does not read matchers.',
    fix: 'Put ext_authz into the chain without ExtensionWithMatcher.',
    find: eachGate(({ filter }) => (filter.hasMatcher ? [{ at: filter.part, what: 'ExtensionWithMatcher' }] : [])),
  },
  {
    code: 'BG210',
    level: 'warning',
    title: 'an outage looks like a denial',
    why: 'Without status_on_error clients get 403 while no gate answers, and give up; below 400 they take it for success.',
    fix: 'Set status_on_error: {code: ServiceUnavailable}.',
    find: eachGate(({ config }) => {
      const at = config.get('status_on_error')
      const code = at.get('code').text
      if (code === undefined) return [{ at, what: 'no status_on_error: 403' }]
      const isGood = /^5\d\d$/.test(code) || SERVER_ERRORS.has(code)
      return isGood ? [] : [{ at, what: `status_on_error: ${code}` }]
    }),
  },
  {
    code: 'BG211',
    level: 'error',
    title: 'refusals are turned into success',
    why: 'A denial that arrives as 200 is taken for success by clients and caches (CVE-2026-24513).',
    fix: 'Do not map 401, 403 and 503 in local_reply_config.',
    find: ({ envoy }) =>
      envoy.managers.flatMap(({ part, filters }) =>
        part
          .get('local_reply_config', 'mappers')
          .items()
          .map((mapper) => mapper.get('status_code'))
          .filter(({ number = 500 }) => filters.some(isGate) && number < 400)
          .map((at) => ({ at, what: `local replies become ${at.text}` })),
      ),
  },
  {
    code: 'BG212',
    level: 'warning',
    title: 'the CORS filter comes after ext_authz',
    why: 'Preflights carry no credential and are refused, and pages cannot read a 401 that has no CORS headers.',
    fix: 'Put envoy.filters.http.cors before ext_authz.',
    find: ({ envoy }) =>
      envoy.managers.flatMap(({ filters }) => {
        const first = filters.findIndex(isGate)
        return filters
          .slice(first + 1)
          .filter(({ type }) => first >= 0 && type === 'Cors')
          .map(({ part, name }) => ({ at: part, what: name }))
      }),
  },
  {
    code: 'BG213',
    level: 'warning',
    title: 'a setting for a filter that is not there',
    why: 'Settings of a route are found by the filter’s name in http_filters; with another name they have no effect.',
    fix: 'Write the same name in both places.',
    find: ({ envoy }) =>
      envoy.managers.flatMap(({ hosts, filters }) => {
        const names = new Set(filters.map(({ name }) => name))
        return hosts
          .flatMap(({ part, routes }) => [part, ...routes.map((route) => route.part)])
          .flatMap((scope) => scope.get('typed_per_filter_config').entries())
          .filter(
            ([name, { isThere }]) => isThere && name.startsWith('envoy.filters.http.ext_authz') && !names.has(name),
          )
          .map(([name, at]) => ({ at, what: `no filter of the chain is named ${name}` }))
      }),
  },
  {
    code: 'BG214',
    level: 'error',
    title: 'outages of the gate are let through',
    why: 'With outage: error the gate leaves it to failure_mode_allow what becomes of requests it cannot judge.',
    fix: 'Take outage: error out of the policy, or set failure_mode_allow: false.',
    find: eachGate(({ config }, { file }) => {
      const at = config.get('failure_mode_allow')
      return at.isTrue && file.outage === 'error' ? [{ at, what: 'outage: error with failure_mode_allow: true' }] : []
    }),
  },
]

/** Clusters that stand for the proxy itself, in what Istio and Envoy Gateway generate. */
const OWN_CLUSTERS = new Set(['prometheus_stats', 'agent', 'sds-grpc', 'xds-grpc'])

const passesOn = ({ hosts }: Manager): boolean =>
  hosts.some(({ routes }) =>
    routes.some(({ part, forwards }) => forwards && !OWN_CLUSTERS.has(part.get('route', 'cluster').text ?? '')),
  )

/** Filters that may answer in the service’s place. */
const ANSWERS = new Set(['CacheConfig', 'CacheV2Config', 'FileServer', 'Router'])

/** Filters that may change the path or the route. */
const REROUTES = new Set([
  'GrpcJsonTranscoder',
  'Lua',
  'LuaPerRoute',
  'Wasm',
  'ExternalProcessor',
  'Golang',
  'DynamicModuleFilter',
])

const canReroute = ({ type, config }: HttpFilter): boolean =>
  REROUTES.has(type) ||
  (type === 'JwtAuthentication' &&
    config
      .get('providers')
      .entries()
      .some(([, provider]) => provider.get('clear_route_cache').isTrue))

const DENOMINATORS: Readonly<Record<string, number>> = { HUNDRED: 100, TEN_THOUSAND: 10_000, MILLION: 1_000_000 }

const findShare = (config: Gate['config']): readonly Found[] => {
  const at = config.get('filter_enabled')
  if (!at.isThere) return []
  const share = at.get('default_value')
  const denominator = DENOMINATORS[share.get('denominator').text ?? 'HUNDRED'] ?? Number.NaN
  const isWhole = (share.get('numerator').number ?? 0) >= denominator
  const isDenied = config.get('deny_at_disable', 'default_value').isTrue
  const key = at.get('runtime_key').text
  if (isWhole && (key === undefined || isDenied)) return []
  const what = isWhole
    ? `the runtime key ${key} can switch it off`
    : `${share.get('numerator').text ?? 0} of ${denominator}`
  return [{ at, what, ...((isWhole || isDenied) && { level: 'warning' as const }) }]
}

/** What Envoy calls the statuses from 500 on. */
const SERVER_ERRORS = new Set([
  ...['InternalServerError', 'NotImplemented', 'BadGateway', 'ServiceUnavailable', 'GatewayTimeout'],
  ...['HTTPVersionNotSupported', 'VariantAlsoNegotiates', 'InsufficientStorage', 'LoopDetected'],
  ...['NotExtended', 'NetworkAuthenticationRequired'],
])
