import { matchHost } from '../core/host.ts'
import type { Route } from '../core/route.ts'
import { isPlainPath } from './plain-path.ts'
import { isWithin, overlap, type PathMatch, type ProxyRoute } from './proxy-route.ts'
import type { Upstream } from './upstream.ts'

/** One host or several that are treated alike, and what a proxy does with their requests. */
export interface VirtualHost {
  /** Host patterns of the policy; `*` for all hosts that no other virtual host has. */
  readonly hosts: readonly string[]
  /** The first that matches counts. */
  readonly routes: readonly ProxyRoute[]
  /** True when some route of the policy asks for a credential here. */
  readonly isClosed: boolean
}

export const ANY_HOST = '*'

/**
 * The policy as a proxy's virtual hosts. A request that the proxy passes on unasked is one that `matchRoute` calls
 * public; all others go to the gate, so that being wrong about one costs a call and opens nothing:
 *
 * - Only plain paths pass, which every program reads alike; only GET and HEAD and no upgrade, unless the policy opens
 *   the whole host. Where a virtual host stands for more than one name, only plain names pass.
 * - What the policy says earlier comes earlier here, at least as wide. A route that may or may not be meant, since it is
 *   for one of the names that a wildcard stands for, is taken to be meant.
 */
export const toVirtualHosts = (policy: readonly Route[], upstreams: readonly Upstream[]): readonly VirtualHost[] => {
  const named = [...policy.flatMap(({ hosts = [] }) => hosts), ...upstreams.flatMap(({ host }) => host ?? [])]
  const isForAll = policy.some(({ hosts }) => !hosts)
  const hosts = [...new Set([...named, ...(isForAll ? [ANY_HOST] : [])])]
  const merged = new Map<string, VirtualHost>()
  for (const host of hosts) {
    const virtualHost = toVirtualHost(host, policy, upstreams)
    if (virtualHost.routes.length === 0) continue
    // Names that stand for several are never put together with others: their routes look at the name, too.
    const { hosts: _, ...rest } = virtualHost
    const key = isWildcard(host) ? host : JSON.stringify(rest)
    merged.set(key, { ...virtualHost, hosts: [...(merged.get(key)?.hosts ?? []), host] })
  }
  return [...merged.values()]
}

/** True for a pattern that stands for more than one name. */
export const isWildcard = (host: string): boolean => host.startsWith('*')

const toVirtualHost = (host: string, policy: readonly Route[], upstreams: readonly Upstream[]): VirtualHost => {
  const meant = policy.filter(({ hosts }) => !hosts || hosts.some((pattern) => meets(pattern, host)))
  const blocks = toBlocks(host, upstreams)
  const routes = blocks.flatMap((block) => toBlockRoutes(host, block, blocks, meant))
  return { hosts: [host], routes, isClosed: meant.some(({ rule }) => rule.kind === 'bearer') }
}

/** True when every name of the second pattern is one of the first. */
export const includes = (pattern: string, host: string): boolean => {
  if (host === ANY_HOST) return pattern === ANY_HOST
  return pattern === host || matchHost(pattern, host.replace(/^\*/, ''))
}

/** True when some name is of both patterns. */
export const meets = (pattern: string, host: string): boolean =>
  host === ANY_HOST || includes(pattern, host) || (isWildcard(host) && includes(host, pattern))

/** One upstream for each prefix, that of the most specific host; the longest prefix first. */
const toBlocks = (host: string, upstreams: readonly Upstream[]): readonly Upstream[] => {
  const blocks = new Map<string, Upstream>()
  for (const upstream of upstreams) {
    if (upstream.host !== undefined && !includes(upstream.host, host)) continue
    const other = blocks.get(upstream.prefix)?.host ?? ''
    if (toRank(upstream.host) >= toRank(other)) blocks.set(upstream.prefix, upstream)
  }
  return [...blocks.values()].toSorted((a, b) => b.prefix.length - a.prefix.length)
}

const toRank = (host = ''): number => (isWildcard(host) ? host.length : host === '' ? 0 : 1000)

const toBlockRoutes = (
  host: string,
  block: Upstream,
  blocks: readonly Upstream[],
  meant: readonly Route[],
): readonly ProxyRoute[] => {
  const { address, prefix } = block
  const whole: PathMatch = { kind: 'segments', prefix }
  if (!address) return [{ action: 'nothing', match: whole, upgrades: true, isOpen: false }]
  const inner = blocks.filter((other) => other !== block && isWithin(other.prefix, prefix)).map((other) => other.prefix)
  const routes: ProxyRoute[] = []
  let isOpen = false
  for (const route of meant) {
    const isSure = !route.hosts || route.hosts.some((pattern) => includes(pattern, host))
    const isLast = isSure && !route.paths && !route.methods && !route.preflight
    isOpen = isLast && route.rule.kind === 'public'
    if (isLast && !isOpen) break
    for (const match of toMatches(route, prefix, inner)) routes.push(...toProxyRoutes(route, match, isSure))
    if (isLast) break
  }
  const last: ProxyRoute = { action: 'ask', match: whole, upgrades: true, isOpen }
  return [...dropNeedless(routes, last), last].map((route) => ({ ...route, address }))
}

/** The paths of a route that are within a block and not within a longer one. */
const toMatches = ({ paths }: Route, block: string, inner: readonly string[]): readonly PathMatch[] => {
  const whole: PathMatch = { kind: 'segments', prefix: block }
  if (!paths) return [whole]
  return paths.flatMap((pattern): readonly PathMatch[] => {
    const isSubtree = pattern.endsWith('/*')
    const path = isSubtree ? pattern.slice(0, -1) : pattern
    if (isSubtree && `${block}/`.startsWith(path) && block !== '') return path === `${block}/` ? [below(path)] : [whole]
    if (!isWithin(path, block) || inner.some((prefix) => isWithin(path, prefix)) || !isPlainPath(path)) return []
    return [isSubtree ? below(path) : { kind: 'exact', path }]
  })
}

const below = (prefix: string): PathMatch => ({ kind: 'below', prefix })

const toProxyRoutes = (route: Route, match: PathMatch, isSure: boolean): readonly ProxyRoute[] => {
  const methods = route.preflight ? ['OPTIONS'] : route.methods
  const isOpen = isSure && !route.preflight && route.rule.kind === 'public'
  const ask: ProxyRoute = {
    action: 'ask',
    match,
    ...(methods && { methods }),
    // A public path is none for an upgrade, so a later route is meant.
    upgrades: !isOpen || !route.paths,
    isOpen,
    routeName: route.name,
  }
  if (!isOpen) return [ask]
  if (!route.paths) return [{ ...ask, action: 'pass' }, ask]
  const reading = methods?.filter((method) => method === 'GET' || method === 'HEAD') ?? []
  const pass: ProxyRoute = { ...ask, action: 'pass', methods: reading }
  // Of the requests for an exact path, those that read pass already.
  const rest = match.kind === 'exact' && methods?.length === reading.length ? [] : [ask]
  return reading.length > 0 ? [pass, ...rest] : rest
}

/** Without those that ask, as the last one does, where nothing later would do otherwise. */
const dropNeedless = (routes: readonly ProxyRoute[], last: ProxyRoute): readonly ProxyRoute[] =>
  routes.filter((route, index) => {
    if (route.action === 'pass') return true
    const later = [...routes.slice(index + 1), last].filter((other) => overlap(route, other))
    return later.some(({ action, isOpen }) => action === 'pass' || isOpen !== route.isOpen)
  })
