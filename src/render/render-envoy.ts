import type { Config } from '../config/load.ts'
import { toOwnCredentialHeaders } from '../core/route.ts'
import type { Address } from './address.ts'
import { toAddressData } from './envoy/address-yaml.ts'
import { type GateTls, toGateCluster, toServiceCluster } from './envoy/clusters-yaml.ts'
import { toConnectionManagerYaml } from './envoy/connection-manager-yaml.ts'
import { toFiltersYaml } from './envoy/filters-yaml.ts'
import { toVirtualHostYaml } from './envoy/virtual-host-yaml.ts'
import { findEnvoyProblems, findTlsProblems } from './find-envoy-problems.ts'
import { findHostProblems } from './find-host-problems.ts'
import { toIdentityPatterns } from './identity-patterns.ts'
import type { ProxyRoute } from './proxy-route.ts'
import type { Rendered } from './rendered.ts'
import { findService, toServices } from './services.ts'
import { comment, type TextBlock } from './text-block.ts'
import type { Upstream } from './upstream.ts'
import { toVirtualHosts } from './virtual-hosts.ts'
import { toYamlFile, yaml } from './yaml-text.ts'

/** How a bootstrap of Envoy is to be, beside what the policy says. */
export interface EnvoyOptions {
  /** What stands at the top of the file: lines, without `#`. */
  readonly introduction: string
  readonly listen: Address
  /** Envoy's own administration; without it, none. */
  readonly admin?: Address
  /** Where to ask; one for each gate process. */
  readonly gates: readonly Address[]
  /** Where the gate listens with TLS. */
  readonly gateTls?: GateTls
  readonly upstreams: readonly Upstream[]
  /** Ports that clients name beside a host name, where they are not those of their scheme. */
  readonly ports: readonly number[]
  /** How many proxies before Envoy append to `x-forwarded-for`; 0 where Envoy is the edge. */
  readonly trustedHops: number
  /** The origins whose pages may call what is closed; Envoy answers their preflights. */
  readonly corsOrigins: readonly string[]
  /** The request headers that those pages may send, separated by commas. */
  readonly corsHeaders: string
  /** True when the caller's credentials go to the service where the policy asks for none. */
  readonly keepsAuthorization: boolean
}

/** A whole bootstrap of Envoy that asks the gate as the policy needs it. */
export const renderEnvoy = ({ file, policy }: Config, options: EnvoyOptions): Rendered => {
  const { admin, gates, upstreams } = options
  const virtualHosts = toVirtualHosts(policy.routes.list, upstreams)
  const problems = [
    ...findHostProblems(policy.routes.list, virtualHosts, upstreams, 'ADDRESS:PORT'),
    ...findEnvoyProblems(options),
    ...findTlsProblems(file.listen.tls, options.gateTls),
  ]
  if (problems.length > 0) return { kind: 'refused', problems }

  const services = toServices(upstreams)
  const identityPatterns = toIdentityPatterns(policy)
  const hasCors = options.corsOrigins.length > 0 && virtualHosts.some(({ isClosed }) => isClosed)
  const toCluster = (route: ProxyRoute): string => findService(services, route)
  const credentialHeaders = options.keepsAuthorization
    ? []
    : [...new Set(['authorization', ...toOwnCredentialHeaders(policy.routes.list)])]
  const settings = { ...options, toCluster, credentialHeaders }
  const connectionManager = toConnectionManagerYaml({
    trustedHops: options.trustedHops,
    identityPatterns,
    virtualHosts: virtualHosts.map((virtualHost) => toVirtualHostYaml(virtualHost, settings)),
    filters: toFiltersYaml({ hasCors, readHeaders: [...policy.reads], identityPatterns }),
  })
  const text = yaml`
    ${comment(options.introduction)}

    ${admin ? toAdmin(admin) : []}
    static_resources:
      listeners:
      - name: front
        address: ${toAddressData(options.listen)}
        filter_chains:
        - filters:
          - name: envoy.filters.network.http_connection_manager
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
              ${connectionManager}

      clusters:
      ${services.map(({ name, address }) => toServiceCluster(name, address))}

      ${toGateCluster(gates, options.gateTls)}`
  return { kind: 'rendered', text: toYamlFile([text]) }
}

const toAdmin = (address: Address): TextBlock => yaml`
  admin:
    address: ${toAddressData(address)}`
