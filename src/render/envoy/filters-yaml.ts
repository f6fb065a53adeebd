import type { TextBlock } from '../text-block.ts'
import { yaml } from '../yaml-text.ts'

/** What the HTTP filters are written with. */
export interface FilterSettings {
  readonly hasCors: boolean
  /** The headers that the gate decides by. */
  readonly readHeaders: readonly string[]
  /** Regular expressions for the names of identity headers. */
  readonly identityPatterns: readonly string[]
}

/** The HTTP filters: `cors` where pages of other origins are let in, `ext_authz` and the router. */
export const toFiltersYaml = ({ hasCors, readHeaders, identityPatterns }: FilterSettings): TextBlock => yaml`
  ${hasCors ? CORS : NO_CORS}
  - name: envoy.filters.http.ext_authz
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz
      transport_api_version: V3
      # No answer is no permission. It is an outage (503: clients try again), no denial (403: they give up).
      failure_mode_allow: false
      status_on_error: {code: ServiceUnavailable}
      # A header that HTTP does not allow ends as 500 here, and not as a second response at the client.
      validate_mutations: true
      # The gate gets what it reads and nothing more, and no bodies. Identity headers are among it as a
      # second line of defence: it removes every spelling that it sees.
      allowed_headers:
        patterns:
        ${readHeaders.map((name) => yaml`- exact: ${name}`)}
        ${identityPatterns.map((regex) => yaml`- safe_regex: {regex: ${regex}}`)}
      # Each header line apart and byte for byte, rather than joined by commas and with \`!\` in place of bytes
      # that are not UTF-8. It costs the gate nothing.
      encode_raw_headers: true
      grpc_service:
        # The default of 200 ms is too short for a token that is signed with a key never seen before. Retries
        # share this time.
        timeout: 1s
        envoy_grpc:
          cluster_name: bearergate
          # Otherwise the cluster's name is sent as the host, and some names are refused by HTTP/2 servers.
          authority: bearergate.local
        retry_policy:
          retry_on: unavailable,cancelled,reset,connect-failure,refused-stream
          num_retries: 2
          # The default base of 1 s would use up the whole timeout. The greatest interval is also the timeout of
          # each try, so it must leave a gate its time: with 0.05s each answer that takes longer is an outage.
          retry_back_off: {base_interval: 0.005s, max_interval: 1s}
          # Not the gate again that has just failed.
          retry_host_predicate:
          - name: envoy.retry_host_predicates.previous_hosts
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate
          host_selection_retry_max_attempts: 5
  - name: envoy.filters.http.router
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router`

const CORS = yaml`
  # Before ext_authz: it answers the preflights of the origins above, which never carry a credential, and adds
  # its headers to a 401, which their pages could not read otherwise.
  - name: envoy.filters.http.cors
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.filters.http.cors.v3.Cors`

const NO_CORS = yaml`
  # No cors filter: no origin but the hosts themselves is let in. A policy may let preflights pass to the service
  # (preflight: true); to have Envoy answer them, render with --cors-origin.`

/** The origins whose pages may call a host, as that host's `typed_per_filter_config`. */
export const toCorsPolicy = (origins: readonly string[], headers: string): TextBlock => yaml`
  typed_per_filter_config:
    envoy.filters.http.cors:
      "@type": type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy
      allow_origin_string_match:
      ${origins.map((origin) => yaml`- exact: ${origin}`)}
      allow_methods: GET, POST, PUT, PATCH, DELETE, OPTIONS
      allow_headers: ${headers}
      max_age: "600"`
