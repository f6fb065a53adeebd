import type { TextBlock } from '../text-block.ts'
import { yaml } from '../yaml-text.ts'

/** How the Gateway is to read requests. */
export interface ClientTrafficSettings {
  readonly namespace: string
  readonly gateway: string
  readonly trustedHops: number
  /** Regular expressions for the names of identity headers. */
  readonly identityPatterns: readonly string[]
}

/** One reading of a request for Envoy, the gate and the service. */
export const toClientTrafficPolicy = (settings: ClientTrafficSettings): TextBlock => yaml`
  apiVersion: gateway.envoyproxy.io/v1alpha1
  kind: ClientTrafficPolicy
  metadata:
    name: bearergate
    namespace: ${settings.namespace}
  spec:
    targetRefs:
    - {group: gateway.networking.k8s.io, kind: Gateway, name: ${settings.gateway}}
    # One reading of a path for Envoy, the gate and the service. Dot segments are resolved in any case.
    path:
      disableMergeSlashes: false
      escapedSlashesAction: RejectRequest
    headers:
      # x_auth_request_user becomes X-Auth-Request-User in many services (WSGI, CGI, PHP).
      withUnderscoresAction: RejectRequest
      ${settings.identityPatterns.length > 0 ? toRemovals(settings.identityPatterns) : []}
    ${settings.trustedHops > 0 ? toDetection(settings.trustedHops) : []}
    timeout:
      http:
        requestHeadersReceivedTimeout: 10s
        # Cuts a websocket on which nothing moved. Clients and services ping every 20 s: stay well above 60 s.
        streamIdleTimeout: 300s`

const toRemovals = (patterns: readonly string[]): TextBlock => yaml`
  # What the service believes about its caller comes from the gate alone: a client's own identity headers go, in every
  # spelling, before anything else looks at the request.
  earlyRequestHeaders:
    removeOnMatch:
    ${patterns.map((value) => yaml`- {type: RegularExpression, value: ${value}}`)}`

const toDetection = (hops: number): TextBlock => yaml`
  # Of x-forwarded-for only the addresses that the proxies before this one appended count.
  clientIPDetection:
    xForwardedFor: {numTrustedHops: ${hops}}`
