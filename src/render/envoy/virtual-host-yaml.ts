import type { ProxyRoute } from '../proxy-route.ts'
import type { TextBlock } from '../text-block.ts'
import { ANY_HOST, isWildcard, type VirtualHost } from '../virtual-hosts.ts'
import { yaml } from '../yaml-text.ts'
import { toCorsPolicy } from './filters-yaml.ts'
import { toRouteYaml } from './route-yaml.ts'

/** What all virtual hosts are written with. */
export interface VirtualHostSettings {
  /** Ports that clients name beside a host name. */
  readonly ports: readonly number[]
  readonly corsOrigins: readonly string[]
  readonly corsHeaders: string
  readonly credentialHeaders: readonly string[]
  readonly toCluster: (route: ProxyRoute) => string
}

/** One of Envoy's virtual hosts (`config.route.v3.VirtualHost`), as an item of a list. */
export const toVirtualHostYaml = (virtualHost: VirtualHost, settings: VirtualHostSettings): TextBlock => {
  const { hosts, routes, isClosed } = virtualHost
  const [first = ANY_HOST] = hosts
  const surroundings = { ...settings, isForManyNames: isWildcard(first) }
  const hasCors = isClosed && settings.corsOrigins.length > 0
  const isWhole = routes.some(({ match }) => match.kind === 'segments' && match.prefix === '')
  return yaml`
    - name: ${first === ANY_HOST ? 'any' : first}
      domains: ${hosts.flatMap((host) => toDomains(host, settings.ports))}
      ${hasCors ? toCorsPolicy(settings.corsOrigins, settings.corsHeaders) : []}
      routes:
      ${routes.map((route) => toRouteYaml(route, surroundings))}
      ${isWhole ? [] : yaml`# Nothing else is here: 404.`}
    `
}

const toDomains = (host: string, ports: readonly number[]): readonly string[] =>
  host === ANY_HOST ? [host] : [host, ...ports.map((port) => `${host}:${port}`)]
