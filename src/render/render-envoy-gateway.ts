import type { Config } from '../config/load.ts'
import { toAddressText } from './address.ts'
import { type Backend, parseBackend } from './envoy-gateway/backend.ts'
import { toClientTrafficPolicy } from './envoy-gateway/client-traffic-policy-yaml.ts'
import { toBackendTlsPolicy, toGateway, toReferenceGrants } from './envoy-gateway/gateway-yaml.ts'
import { toBlocks, toHttpRoute, toNothingHere, toRouteObjectName } from './envoy-gateway/http-route-yaml.ts'
import { type SecuritySettings, toSecurityPolicy } from './envoy-gateway/security-policy-yaml.ts'
import { findHostProblems } from './find-host-problems.ts'
import { toIdentityPatterns } from './identity-patterns.ts'
import type { Rendered } from './rendered.ts'
import { comment, type TextBlock } from './text-block.ts'
import type { Upstream } from './upstream.ts'
import { ANY_HOST, toVirtualHosts, type VirtualHost } from './virtual-hosts.ts'
import { toWholeHostRoute } from './whole-host-route.ts'
import { toYamlFile, yaml } from './yaml-text.ts'

/** How Envoy Gateway is to ask the gate, beside what the policy says. */
export interface EnvoyGatewayOptions {
  /** What stands at the top of the file: lines, without `#`. */
  readonly introduction: string
  /** The namespace of the Gateway and its routes. */
  readonly namespace: string
  readonly gateway: string
  /** The class of the Gateway; without it, the Gateway is there already. */
  readonly gatewayClass?: string
  /** The Secret with the certificate of the Gateway; without it, the Gateway listens for plain HTTP. */
  readonly tlsSecret?: string
  readonly gate: Backend
  /** The ConfigMap with the CA of the gate's own certificate (`ca.crt`), where the gate listens with TLS. */
  readonly gateCa?: string
  /** Services, as names with or without namespace. */
  readonly upstreams: readonly Upstream[]
  readonly trustedHops: number
  readonly corsOrigins: readonly string[]
  readonly corsHeaders: string
}

/** The Kubernetes objects that make Envoy Gateway ask the gate about every request; apply them as they are. */
export const renderEnvoyGateway = (config: Config, options: EnvoyGatewayOptions): Rendered => {
  const { policy } = config
  const { namespace, gateway, gate, upstreams } = options
  const virtualHosts = toVirtualHosts(policy.routes.list, upstreams)
  const problems = [
    ...findHostProblems(policy.routes.list, virtualHosts, upstreams, 'SERVICE.NAMESPACE:PORT'),
    ...findProblems(config, virtualHosts, options),
  ]
  if (problems.length > 0) return { kind: 'refused', problems }

  const security: SecuritySettings = options
  const toNamed = (virtualHost: VirtualHost): readonly TextBlock[] => {
    const names = virtualHost.hosts.map((host) => toWholeHostRoute(policy.routes.list, policy.routes.byName, host))
    const [routeName] = names
    if (routeName === undefined || names.some((name) => name !== routeName)) return []
    const target = toRouteObjectName(virtualHost)
    return [toSecurityPolicy({ name: target, kind: 'HTTPRoute', target, routeName }, security)]
  }
  const backends = upstreams.flatMap(({ address }) => (address && parseBackend(address, namespace)) ?? [])
  const isNothingSomewhere = virtualHosts.some((host) => toBlocks(host).some(({ action }) => action === 'nothing'))
  const [first, ...rest] = [
    toSecurityPolicy({ name: 'bearergate', kind: 'Gateway', target: gateway }, security),
    toClientTrafficPolicy({ ...options, identityPatterns: toIdentityPatterns(policy) }),
    ...(options.gatewayClass === undefined ? [] : [toGateway({ ...options, gatewayClass: options.gatewayClass })]),
    ...virtualHosts.map((virtualHost) => toHttpRoute(virtualHost, options)),
    ...(isNothingSomewhere ? [toNothingHere(namespace)] : []),
    ...virtualHosts.flatMap(toNamed),
    ...toReferenceGrants(namespace, gate, backends),
    ...(options.gateCa === undefined ? [] : [toBackendTlsPolicy(gate, options.gateCa)]),
  ]
  const introduced = yaml`
    ${comment(options.introduction)}

    ${first ?? []}`
  return { kind: 'rendered', text: toYamlFile([introduced, ...rest]) }
}

const HOSTNAME = /^(?:\*\.)?[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/

/** What Envoy Gateway cannot be told, each with what to do. */
const findProblems = (
  { file }: Config,
  virtualHosts: readonly VirtualHost[],
  { namespace, upstreams, gateCa }: EnvoyGatewayOptions,
): readonly string[] => {
  const problems: string[] = []
  for (const { address } of upstreams) {
    if (!address || parseBackend(address, namespace)) continue
    problems.push(
      `--upstream …=${toAddressText(address)}: a route leads to a Service: write NAME:PORT or NAME.NAMESPACE:PORT`,
    )
  }
  for (const host of virtualHosts.flatMap(({ hosts }) => hosts)) {
    if (host === ANY_HOST || (HOSTNAME.test(host) && !/^[\d.]+$/.test(host))) continue
    problems.push(`${host}: the Gateway API takes DNS names alone as hostnames: leave the host out of the route`)
  }
  const tls = file.listen.tls
  if (tls && gateCa === undefined) {
    problems.push('listen.tls: say with --gate-ca which ConfigMap has the CA of the gate, as ca.crt')
  }
  if (!tls && gateCa !== undefined)
    problems.push('--gate-ca: the gate listens without TLS: write listen.tls, or leave it out')
  return problems
}
