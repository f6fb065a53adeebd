import type { TextBlock } from '../text-block.ts'
import { yaml } from '../yaml-text.ts'

/** How the connection manager reads requests, whom it believes, and what it logs. */
export interface ConnectionSettings {
  /** How many proxies before Envoy append to `x-forwarded-for`. */
  readonly trustedHops: number
  /** Regular expressions for the names of identity headers. */
  readonly identityPatterns: readonly string[]
  readonly virtualHosts: readonly TextBlock[]
  readonly filters: TextBlock
}

/** The fields of Envoy's HTTP connection manager. */
export const toConnectionManagerYaml = (settings: ConnectionSettings): TextBlock => yaml`
  stat_prefix: front

  # One reading of a path for Envoy, the gate and the service. Without these, /x/../api, /%61pi, //api and
  # /api%2Fx are other paths to Envoy than to the service behind it.
  normalize_path: true
  merge_slashes: true
  path_with_escaped_slashes_action: REJECT_REQUEST
  common_http_protocol_options:
    # x_auth_request_user becomes X-Auth-Request-User in many services (WSGI, CGI, PHP).
    headers_with_underscores_action: REJECT_REQUEST

  ${settings.trustedHops === 0 ? EDGE : toBehindProxy(settings.trustedHops)}

  # What the service believes about its caller comes from the gate alone, so a client's own identity headers,
  # in every spelling, go before anything else looks at the request: on checked and on unchecked paths.
  ${toMutations(settings.identityPatterns)}

  # Without it Envoy answers each websocket with 403 \`upgrade_failed\`, which looks like a denial.
  upgrade_configs:
  - upgrade_type: websocket
  # Cuts a websocket on which nothing moved. Clients and services ping every 20 s: stay well above 60 s.
  stream_idle_timeout: 300s
  request_headers_timeout: 10s

  access_log:
  - name: envoy.access_loggers.stdout
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog
      log_format:
        # No query and no headers but the request id: both may hold secrets.
        json_format:
          time: "%START_TIME%"
          request_id: "%REQ(X-REQUEST-ID)%"
          method: "%REQ(:METHOD)%"
          host: "%REQ(:AUTHORITY)%"
          path: "%PATH(NQ)%"
          status: "%RESPONSE_CODE%"
          flags: "%RESPONSE_FLAGS%"
          details: "%RESPONSE_CODE_DETAILS%"
          duration_ms: "%DURATION%"
          # What the gate found. Empty where it was not asked.
          subject: "%DYNAMIC_METADATA(envoy.filters.http.ext_authz:subject)%"
          kind: "%DYNAMIC_METADATA(envoy.filters.http.ext_authz:kind)%"
          issuer: "%DYNAMIC_METADATA(envoy.filters.http.ext_authz:issuer)%"
          key_id: "%DYNAMIC_METADATA(envoy.filters.http.ext_authz:key_id)%"
          reason: "%DYNAMIC_METADATA(envoy.filters.http.ext_authz:reason)%"
          route: "%DYNAMIC_METADATA(envoy.filters.http.ext_authz:route)%"

  route_config:
    # Written from the policy. A route that passes requests on unasked must match no more than it says: plain paths,
    # the methods that it names, no upgrade; the gate decides about anything else.
    virtual_hosts:
    ${settings.virtualHosts}
  http_filters:
  ${settings.filters}`

const EDGE = yaml`
  # Nobody stands before this Envoy: x-envoy-*, x-forwarded-proto and x-request-id of a client count for
  # nothing. Behind another proxy render with --trusted-hops.
  use_remote_address: true`

const toBehindProxy = (hops: number): TextBlock => yaml`
  # The edge stands before this Envoy, but so does every pod that can reach its port, and none proves which it
  # is. So as little as possible is believed: x-envoy-*, which steers retries and timeouts, is dropped, and of
  # x-forwarded-for only the addresses that the proxies appended count. The client's address, x-forwarded-proto and
  # x-request-id are good for logs alone. The gate decides from none of them: it looks at the credential and at method,
  # host and path as Envoy routes them, never at x-forwarded-* or x-original-*.
  use_remote_address: true
  xff_num_trusted_hops: ${hops}
  preserve_external_request_id: true`

const toMutations = (patterns: readonly string[]): TextBlock | readonly TextBlock[] =>
  patterns.length === 0
    ? []
    : yaml`
        early_header_mutation_extensions:
        - name: envoy.http.early_header_mutation.header_mutation
          typed_config:
            "@type": type.googleapis.com/envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation
            mutations:
            ${patterns.map((regex) => yaml`- remove_on_match: {key_matcher: {safe_regex: {regex: ${regex}}}}`)}`
