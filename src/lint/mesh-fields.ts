import type { Part } from './part.ts'

/** Fields of MeshConfig of Istio 1.31 and of those before it (istio/api, mesh/v1alpha1). */
const MESH_FIELDS = new Set([
  ...['proxyListenPort', 'proxyInboundListenPort', 'proxyHttpPort', 'connectTimeout', 'hboneIdleTimeout'],
  ...['protocolDetectionTimeout', 'tcpKeepalive', 'ingressClass', 'ingressService', 'ingressControllerMode'],
  ...['ingressSelector', 'enableTracing', 'accessLogFile', 'accessLogFormat', 'accessLogEncoding'],
  ...['enableEnvoyAccessLogService', 'disableEnvoyListenerLog', 'defaultConfig', 'outboundTrafficPolicy'],
  ...['inboundTrafficPolicy', 'configSources', 'enableAutoMtls', 'trustDomain', 'trustDomainAliases'],
  ...['caCertificates', 'defaultServiceExportTo', 'defaultVirtualServiceExportTo', 'defaultDestinationRuleExportTo'],
  ...['rootNamespace', 'localityLbSetting', 'zoneAwareLbSetting', 'dnsRefreshRate', 'h2UpgradePolicy'],
  ...['inboundClusterStatName', 'outboundClusterStatName', 'certificates', 'serviceSettings', 'serviceScopeConfigs'],
  ...['enablePrometheusMerge', 'verifyCertificateAtClient', 'ca', 'extensionProviders', 'defaultProviders'],
  ...['discoverySelectors', 'pathNormalization', 'defaultHttpRetryPolicy', 'meshMTLS', 'tlsDefaults'],
  ...['defaultTrafficPolicy', 'serviceEntryVisibility', 'thriftConfig', 'mixerCheckServer', 'mixerReportServer'],
])

/** Fields of `envoyExtAuthzGrpc`. Those of `envoyExtAuthzHttp` look as if they belonged here, too. */
const GRPC_FIELDS = new Set([
  ...['service', 'port', 'timeout', 'failOpen', 'clearRouteCache', 'statusOnError', 'includeRequestBodyInCheck'],
])

const PROVIDER_FIELDS = new Set(['name', 'envoyExtAuthzGrpc'])

/** A field that is not known, by its name. */
export type UnknownField = Part & { readonly name: string }

export const unknownMeshFields = (mesh: Part): readonly UnknownField[] => findUnknown(mesh, MESH_FIELDS)

export const unknownProviderFields = (provider: Part, grpc: Part): readonly UnknownField[] => [
  ...findUnknown(provider, PROVIDER_FIELDS),
  ...findUnknown(grpc, GRPC_FIELDS),
]

/** protobuf's JSON takes `snake_case` as well. */
const findUnknown = (part: Part, known: ReadonlySet<string>): readonly UnknownField[] => {
  const names = new Set(
    [...known].flatMap((name) => [name, name.replaceAll(/[A-Z]/g, (sign) => `_${sign.toLowerCase()}`)]),
  )
  return part.entries().flatMap(([name, field]) => (names.has(name) ? [] : [{ ...field, name }]))
}
