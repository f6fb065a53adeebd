/** Who a proxy is in the mesh. */
export interface MeshProxy {
  readonly kind: 'router' | 'sidecar'
  readonly name: string
  readonly namespace: string
  readonly labels: Readonly<Record<string, string>>
}

/** A bootstrap with which a stock Envoy joins the mesh that is told at a port of 127.0.0.1. */
export const toProxyBootstrap = ({ kind, name, namespace, labels }: MeshProxy, discoveryPort: number): object => {
  const fromDiscovery = { ads: {}, initial_fetch_timeout: '0s', resource_api_version: 'V3' }
  return {
    node: {
      id: `${kind}~127.0.0.1~${name}-1.${namespace}~${namespace}.svc.cluster.local`,
      cluster: `${name}.${namespace}`,
      metadata: {
        NAMESPACE: namespace,
        LABELS: labels,
        CLUSTER_ID: 'Kubernetes',
        ISTIO_VERSION: '1.31.0',
        SERVICE_ACCOUNT: name,
        // Traffic comes to the port that is told, and not by way of iptables.
        INTERCEPTION_MODE: 'NONE',
        UNPRIVILEGED_POD: 'true',
      },
    },
    admin: { address: toSocket(0) },
    dynamic_resources: {
      lds_config: fromDiscovery,
      cds_config: fromDiscovery,
      ads_config: {
        api_type: 'GRPC',
        transport_api_version: 'V3',
        set_node_on_first_message_only: true,
        grpc_services: [{ envoy_grpc: { cluster_name: 'xds-grpc' } }],
      },
    },
    static_resources: {
      listeners: [],
      // istiod names the second, too, where Istio's agent would answer; nobody asks it here.
      clusters: [toHttp2Cluster('xds-grpc', discoveryPort), toHttp2Cluster('sds-grpc', 1)],
    },
  }
}

const HTTP_OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions'

const toHttp2Cluster = (name: string, port: number) => ({
  name,
  type: 'STATIC',
  connect_timeout: '1s',
  typed_extension_protocol_options: {
    [HTTP_OPTIONS]: {
      '@type': `type.googleapis.com/${HTTP_OPTIONS}`,
      explicit_http_config: { http2_protocol_options: {} },
    },
  },
  load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint: { address: toSocket(port) } }] }] },
})

const toSocket = (port: number): object => ({ socket_address: { address: '127.0.0.1', port_value: port } })
