import type { TextBlock } from '../text-block.ts'
import type { Data } from '../yaml-text.ts'
import { yaml } from '../yaml-text.ts'
import type { Backend } from './backend.ts'

/** What every SecurityPolicy is written with. */
export interface SecuritySettings {
  readonly namespace: string
  readonly gate: Backend
  readonly corsOrigins: readonly string[]
  readonly corsHeaders: string
}

/** What a SecurityPolicy is for. `routeName` is the route of the policy that the gate then applies. */
export interface SecurityTarget {
  readonly name: string
  readonly kind: 'Gateway' | 'HTTPRoute'
  readonly target: string
  readonly routeName?: string
}

/** Envoy Gateway asks the gate about all that the target lets in. */
export const toSecurityPolicy = (target: SecurityTarget, settings: SecuritySettings): TextBlock => yaml`
  ${target.kind === 'Gateway' ? FOR_GATEWAY : FOR_ROUTE}
  apiVersion: gateway.envoyproxy.io/v1alpha1
  kind: SecurityPolicy
  metadata:
    name: ${target.name}
    namespace: ${settings.namespace}
  spec:
    targetRefs:
    - {group: gateway.networking.k8s.io, kind: ${target.kind}, name: ${target.target}}
    ${settings.corsOrigins.length > 0 ? toCors(settings) : []}
    extAuth:
      # No answer is no permission, and neither is a mistake in this object.
      failOpen: false
      # An outage is no denial: 503 is tried again, the default of 403 is not.
      statusOnError: 503
      # The default is ten seconds. Retries share this time.
      timeout: 1s
      # No headersToExtAuth: the gate must see identity headers in every spelling to remove them.
      ${target.routeName === undefined ? [] : toContext(target.routeName)}
      grpc:
        backendRefs:
        - ${toRef(settings)}
        backendSettings:
          # Leaves time for another gate within the one second above.
          timeout: {tcp: {connectTimeout: 250ms}}
          retry:
            numRetries: 2
            retryOn: {triggers: [unavailable, cancelled, reset, connect-failure, refused-stream]}
            # The default base of 1 s would use up the whole timeout. The greatest interval is also the timeout of each
            # try, so it must leave a gate its time.
            perRetry: {backOff: {baseInterval: 5ms, maxInterval: 1s}}
          healthCheck:
            # A gate that is about to stop says NOT_SERVING and waits until nobody asks it any more: two intervals.
            active: {type: GRPC, timeout: 1s, interval: 1s, unhealthyThreshold: 2, healthyThreshold: 1}
            # Denials are answers, so no client can push a gate out with bad tokens. The default of 10 % would keep both
            # of two gates in, alive or not.
            passive:
              splitExternalLocalOriginErrors: true
              consecutiveLocalOriginFailures: 2
              interval: 1s
              baseEjectionTime: 5s
              maxEjectionPercent: 50
          # The defaults (1024 requests, 1024 retries at a time) turn a burst into refusals.
          circuitBreaker: {maxParallelRequests: 10000, maxPendingRequests: 10000, maxParallelRetries: 1000}`

const FOR_GATEWAY = yaml`
  # On the Gateway and not on its routes: a route that comes later is closed too, whoever writes it. Nothing is exempt
  # here; what is open is open because the gate says so.`

const FOR_ROUTE = yaml`
  # One route of the policy decides about all of this host, so that the gate need not look at host and path again. It is
  # all that holds on this HTTPRoute: a SecurityPolicy of a route takes the place of its Gateway's.`

const toRef = ({ gate, namespace }: SecuritySettings): Data => ({
  name: gate.name,
  ...(gate.namespace !== namespace && { namespace: gate.namespace }),
  port: gate.port,
})

const toContext = (routeName: string): TextBlock => yaml`
  contextExtensions:
  - {name: route, type: Value, value: ${routeName}}`

const toCors = ({ corsOrigins, corsHeaders }: SecuritySettings): TextBlock => yaml`
  # Envoy answers the preflights of these origins, before it asks the gate: they never carry a credential.
  cors:
    allowOrigins: ${corsOrigins}
    allowMethods: [GET, POST, PUT, PATCH, DELETE, OPTIONS]
    allowHeaders: ${corsHeaders.split(', ')}
    maxAge: 10m`
