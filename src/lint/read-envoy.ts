import type { EnvoyView, HttpFilter, Manager, ProxyRoute, VirtualHost } from './envoy-view.ts'
import type { Part } from './part.ts'
import { toMatcher } from './route-match.ts'

/** Reads a bootstrap, a config dump (`/config_dump`, with or without `?include_eds`) or a file of xDS resources. */
export const readEnvoy = (root: Part): EnvoyView => {
  const sections = [...root.get('configs').items(), ...root.get('resources').items()]
  const bootstrap = sections.map((section) => section.get('bootstrap')).find(({ isThere }) => isThere) ?? root
  const found = (inBootstrap: string, message: string, ...dumped: readonly (readonly string[])[]): readonly Part[] => [
    ...bootstrap.get('static_resources', inBootstrap).items(),
    ...sections.filter((section) => toType(section) === message),
    ...dumped.flatMap(([list = '', ...field]) =>
      sections.flatMap((section) =>
        section
          .get(list)
          .items()
          .map((entry) => entry.get(...field)),
      ),
    ),
  ]
  const listeners = found(
    'listeners',
    'Listener',
    ['static_listeners', 'listener'],
    ['dynamic_listeners', 'active_state', 'listener'],
  )
  const clusters = found('clusters', 'Cluster', ['static_clusters', 'cluster'], ['dynamic_active_clusters', 'cluster'])
  const routeTables = new Map(
    found(
      '',
      'RouteConfiguration',
      ['static_route_configs', 'route_config'],
      ['dynamic_route_configs', 'route_config'],
    ).map((table) => [table.get('name').text, table] as const),
  )
  const unread: { at: Part; what: string }[] = []
  const managers = distinct(listeners).flatMap((listener) =>
    [...listener.get('filter_chains').items(), listener.get('default_filter_chain')]
      .flatMap((chain) => chain.get('filters').items())
      .map((filter) => unwrapTyped(filter.get('typed_config')))
      .filter(({ type }) => type === 'HttpConnectionManager')
      // What a mesh's workload sends out is another server's to check.
      .filter(() => listener.get('traffic_direction').text !== 'OUTBOUND')
      .map(({ config }) => readManager(config, routeTables, (at, what) => unread.push({ at, what }))),
  )
  return {
    admin: bootstrap.get('admin'),
    managers,
    clusters: new Map(clusters.map((cluster) => [cluster.get('name').text ?? '', cluster])),
    hasMoreClusters: root.get('resources').isThere || root.get('dynamic_resources', 'cds_config').isThere,
    unread,
  }
}

type Skip = (at: Part, what: string) => void

const readManager = (manager: Part, tables: ReadonlyMap<string | undefined, Part>, skip: Skip): Manager => {
  const filters = manager.get('http_filters').items().map(readFilter)
  for (const { config, part, name } of filters) {
    if (!config.isThere) skip(part, `the filter ${name} has its configuration elsewhere`)
  }
  const named = manager.get('rds', 'route_config_name')
  const table = named.isThere ? tables.get(named.text) : manager.get('route_config')
  if (manager.get('scoped_routes').isThere) skip(manager.get('scoped_routes'), 'scoped routes')
  else if (!table?.isThere) skip(named, `the routes ${named.text ?? ''} are not in this file`)
  for (const host of table?.get('virtual_hosts').items() ?? []) {
    if (host.get('matcher').isThere) skip(host.get('matcher'), 'routes that a matcher tree chooses')
  }
  return {
    part: manager,
    filters,
    hosts: table
      ? table
          .get('virtual_hosts')
          .items()
          .map((host) => readHost(host, table, manager))
      : [],
  }
}

const readFilter = (part: Part): HttpFilter => {
  const { type, config, isOff, hasMatcher } = unwrapTyped(part.get('typed_config'))
  return {
    name: part.get('name').text ?? '',
    type,
    part,
    config,
    isOff: isOff || part.get('disabled').isTrue,
    hasMatcher,
  }
}

const readHost = (host: Part, table: Part, manager: Part): VirtualHost => ({
  part: host,
  domains: host
    .get('domains')
    .items()
    .flatMap(({ text }) => (text === undefined ? [] : [text])),
  routes: host
    .get('routes')
    .items()
    .map((route) => readRoute(route, [host, table, manager])),
})

const readRoute = (route: Part, above: readonly Part[]): ProxyRoute => {
  const split = route.get('route', 'weighted_clusters', 'clusters').items()
  return {
    part: route,
    match: route.get('match'),
    accepts: toMatcher(route.get('match')),
    forwards: !['direct_response', 'redirect', 'non_forwarding_action'].some((name) => route.get(name).isThere),
    ways: split.length > 0 ? split.map((cluster) => [cluster, route, ...above]) : [[route, ...above]],
  }
}

/** A configuration and the name of its message. */
export interface Typed {
  readonly type: string
  readonly config: Part
  readonly isOff: boolean
  readonly hasMatcher: boolean
}

/** A `typed_config` out of FilterConfig, TypedStruct and ExtensionWithMatcher. */
export const unwrapTyped = (part: Part, depth = 0): Typed => {
  const type = toType(part)
  const inner = (below: Part, isOff = false, hasMatcher = false): Typed => {
    const typed = depth < 4 ? unwrapTyped(below, depth + 1) : { type, config: below, isOff: false, hasMatcher: false }
    return { ...typed, isOff: typed.isOff || isOff, hasMatcher: typed.hasMatcher || hasMatcher }
  }
  switch (type) {
    case 'FilterConfig':
      return inner(part.get('config'), part.get('disabled').isTrue)
    case 'ExtensionWithMatcher':
      return inner(part.get('extension_config', 'typed_config'), false, true)
    case 'TypedStruct':
      return { type: toMessage(part.get('type_url').text), config: part.get('value'), isOff: false, hasMatcher: false }
    default:
      return { type, config: part, isOff: false, hasMatcher: false }
  }
}

const toType = (part: Part): string => toMessage(part.get('@type').text)

const toMessage = (url = ''): string => url.slice(url.lastIndexOf('.') + 1)

/** A dump has the listeners of its bootstrap twice. */
const distinct = (listeners: readonly Part[]): readonly Part[] => {
  const names = new Map<string, Part>()
  for (const [index, listener] of listeners.entries()) {
    const name = listener.get('name').text ?? `${index}`
    if (!names.has(name)) names.set(name, listener)
  }
  return [...names.values()]
}
