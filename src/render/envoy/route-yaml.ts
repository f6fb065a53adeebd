import { toPlainPathsBelow, toPlainPathsWithin } from '../plain-path.ts'
import type { PathMatch, ProxyRoute } from '../proxy-route.ts'
import type { TextBlock } from '../text-block.ts'
import { type Data, yaml } from '../yaml-text.ts'

/** What the routes of one virtual host are written with. */
export interface RouteSurroundings {
  readonly toCluster: (route: ProxyRoute) => string
  /** True in a virtual host that stands for more than one name. */
  readonly isForManyNames: boolean
  /** The headers with credentials, which a service does not get where the policy asks for none. */
  readonly credentialHeaders: readonly string[]
}

/** One of Envoy's routes (`config.route.v3.Route`), as an item of a list. */
export const toRouteYaml = (route: ProxyRoute, around: RouteSurroundings): TextBlock => {
  if (route.action === 'nothing') {
    return yaml`
      # There is nothing here, in no spelling of its name. Nothing is passed on, so the gate need not be asked.
      - match: ${{ ...toPath(route.match), case_sensitive: false }}
        direct_response: {status: 404}
        ${UNCHECKED}`
  }
  const passes = route.action === 'pass'
  const removed = route.isOpen ? around.credentialHeaders : []
  const headers = toHeaders(route, passes && around.isForManyNames)
  const path = passes ? toPlainPath(route.match) : toPath(route.match)
  return yaml`
    # ${toTitle(route)}
    ${toMatch(path, headers)}
      route: {cluster: ${around.toCluster(route)}, timeout: 60s}
      ${removed.length > 0 ? yaml`request_headers_to_remove: ${removed}` : []}
      ${passes ? UNCHECKED : []}`
}

const UNCHECKED = yaml`
  typed_per_filter_config:
    envoy.filters.http.ext_authz:
      "@type": type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute
      disabled: true`

const toTitle = ({ action, routeName, isOpen }: ProxyRoute): string => {
  const name = routeName === undefined ? 'All else' : `Route ${routeName}`
  if (action === 'pass') return `${name}: open. The gate is not asked, so it holds when the gate is down.`
  return isOpen ? `${name}: open, as the gate says.` : `${name}: the gate decides.`
}

const toMatch = (path: Data, headers: readonly Data[]): TextBlock =>
  headers.length === 0
    ? yaml`- match: ${path}`
    : yaml`
        - match:
            ${toFields(path)}
            headers:
            ${headers.map((header) => yaml`- ${header}`)}`

const toFields = (data: Data): readonly TextBlock[] =>
  Object.entries(data).map(([key, value]) => yaml`${key}: ${value as Data}`)

const toPath = (match: PathMatch): Readonly<Record<string, Data>> => {
  if (match.kind === 'exact') return { path: match.path }
  if (match.kind === 'below') return { prefix: match.prefix }
  return match.prefix === '' ? { prefix: '/' } : { path_separated_prefix: match.prefix }
}

const toPlainPath = (match: PathMatch): Readonly<Record<string, Data>> => {
  if (match.kind === 'exact') return { path: match.path }
  const regex = match.kind === 'below' ? toPlainPathsBelow(match.prefix) : toPlainPathsWithin(match.prefix)
  return { safe_regex: { regex } }
}

/** A host as the gate takes it for one (RFC 3986 §3.2.2): no list, no user information; with or without port and final dot. */
const PLAIN_AUTHORITY = '(?:[A-Za-z0-9_-]+(?:\\.[A-Za-z0-9_-]+)*\\.?|\\[[0-9A-Fa-f:.]+\\])(?::[0-9]*)?'

const toHeaders = ({ methods, upgrades }: ProxyRoute, isNameChecked: boolean): readonly Data[] => [
  ...(isNameChecked ? [{ name: ':authority', string_match: { safe_regex: { regex: PLAIN_AUTHORITY } } }] : []),
  ...(methods ? [{ name: ':method', string_match: toMethodMatch(methods) }] : []),
  ...(upgrades ? [] : [{ name: 'upgrade', present_match: false }]),
]

const toMethodMatch = (methods: readonly string[]): Data =>
  methods.length === 1 ? { exact: methods[0] ?? '' } : { safe_regex: { regex: methods.join('|') } }
