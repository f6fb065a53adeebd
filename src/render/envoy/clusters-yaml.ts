import type { Address } from '../address.ts'
import type { TextBlock } from '../text-block.ts'
import { yaml } from '../yaml-text.ts'
import { toAddressData, toDiscovery } from './address-yaml.ts'

/** The cluster of one service. */
export const toServiceCluster = (name: string, address: Address): TextBlock => yaml`
  - name: ${name}
    ${toDiscoveryYaml([address])}
    connect_timeout: 2s
    load_assignment:
      cluster_name: ${name}
      endpoints:
      - lb_endpoints:
        - endpoint: {address: ${toAddressData(address)}}`

/** How Envoy knows a gate that listens with TLS, and what it shows itself. Files as Envoy sees them. */
export interface GateTls {
  readonly caFile: string
  /** A name in the gate's certificate. */
  readonly name: string
  readonly client?: { readonly certificateFile: string; readonly keyFile: string }
}

/** The cluster of the gates, `bearergate`. */
export const toGateCluster = (gates: readonly Address[], tls: GateTls | undefined): TextBlock => yaml`
  - name: bearergate
    ${toDiscoveryYaml(gates)}
    ${tls ? toTransportSocket(tls) : []}
    # Leaves time for another gate within the one second above.
    connect_timeout: 0.25s
    typed_extension_protocol_options:
      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
        "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
        # gRPC is HTTP/2. Without this every request ends with status_on_error.
        explicit_http_config: {http2_protocol_options: {}}
    # One endpoint for each gate process: Envoy keeps one connection per worker and endpoint, and spreads the load
    # over endpoints, not over processes that share a port.
    load_assignment:
      cluster_name: bearergate
      endpoints:
      - lb_endpoints:
        ${gates.map((gate) => yaml`- endpoint: {address: ${toAddressData(gate)}}`)}
    # A gate that is about to stop says NOT_SERVING and waits until nobody asks it any more: two intervals.
    health_checks:
    - timeout: 1s
      interval: 1s
      # Also before the first request; the default is a minute.
      no_traffic_interval: 1s
      unhealthy_threshold: 2
      healthy_threshold: 1
      grpc_health_check: {authority: bearergate.local}
    # Out after two calls without an answer, faster than by health checks; back as soon as a health check passes.
    # Denials are answers, so no client can push a gate out with bad tokens. The default of 10 % would keep both of two
    # gates in, alive or not.
    outlier_detection:
      split_external_local_origin_errors: true
      consecutive_local_origin_failure: 2
      max_ejection_percent: 50
    # The defaults (1024 requests, 3 retries at a time) turn a burst into refusals.
    circuit_breakers:
      thresholds:
      - {max_requests: 10000, max_pending_requests: 10000, max_retries: 1000}`

const toTransportSocket = ({ caFile, name, client }: GateTls): TextBlock => yaml`
  transport_socket:
    name: envoy.transport_sockets.tls
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
      sni: ${name}
      common_tls_context:
        alpn_protocols: [h2]
        ${client ? toClientCertificate(client) : []}
        validation_context:
          trusted_ca: {filename: ${caFile}}
          # Without the name any certificate of that CA is good.
          match_typed_subject_alt_names:
          - {san_type: DNS, matcher: {exact: ${name}}}`

const toClientCertificate = ({ certificateFile, keyFile }: NonNullable<GateTls['client']>): TextBlock => yaml`
  tls_certificates:
  - {certificate_chain: {filename: ${certificateFile}}, private_key: {filename: ${keyFile}}}`

const toDiscoveryYaml = (addresses: readonly Address[]): TextBlock =>
  toDiscovery(addresses) === 'STATIC'
    ? yaml`type: STATIC`
    : yaml`
        # All addresses that the name has, looked up again and again.
        type: STRICT_DNS
        dns_lookup_family: ALL`
