import type { TextBlock } from '../text-block.ts'
import { yaml } from '../yaml-text.ts'
import type { Backend } from './backend.ts'

/** The Gateway itself. */
export const toGateway = (settings: {
  readonly namespace: string
  readonly gateway: string
  readonly gatewayClass: string
  readonly tlsSecret?: string
}): TextBlock => yaml`
  apiVersion: gateway.networking.k8s.io/v1
  kind: Gateway
  metadata:
    name: ${settings.gateway}
    namespace: ${settings.namespace}
  spec:
    gatewayClassName: ${settings.gatewayClass}
    listeners:
    ${settings.tlsSecret === undefined ? PLAIN : toTls(settings.tlsSecret)}`

const PLAIN = yaml`
  # For a Gateway behind something that ends TLS: a credential over plain HTTP is everybody's. Else render with
  # --tls-secret.
  - {name: http, protocol: HTTP, port: 80}`

const toTls = (secret: string): TextBlock => yaml`
  - name: https
    protocol: HTTPS
    port: 443
    tls:
      certificateRefs:
      - {name: ${secret}}`

/** What lets routes and policies of one namespace lead to Services of others. */
export const toReferenceGrants = (
  namespace: string,
  gate: Backend,
  backends: readonly Backend[],
): readonly TextBlock[] => {
  const grants = new Map<string, TextBlock>()
  for (const [kind, backend] of [
    ['SecurityPolicy', gate] as const,
    ...backends.map((backend) => ['HTTPRoute', backend] as const),
  ]) {
    const key = `${kind} ${backend.namespace}/${backend.name}`
    if (backend.namespace !== namespace && !grants.has(key)) grants.set(key, toGrant(kind, backend, namespace))
  }
  return [...grants.values()]
}

const toGrant = (kind: 'SecurityPolicy' | 'HTTPRoute', { name, namespace }: Backend, from: string): TextBlock => yaml`
  # Without it Envoy Gateway answers 500: closed, and hard to find.
  apiVersion: gateway.networking.k8s.io/v1beta1
  kind: ReferenceGrant
  metadata:
    name: ${`${name}-to-${kind.toLowerCase()}`}
    namespace: ${namespace}
  spec:
    from:
    - {group: ${kind === 'HTTPRoute' ? 'gateway.networking.k8s.io' : 'gateway.envoyproxy.io'}, kind: ${kind}, namespace: ${from}}
    to:
    - {group: "", kind: Service, name: ${name}}`

/** How the gate's own certificate is verified. */
export const toBackendTlsPolicy = (gate: Backend, configMap: string): TextBlock => yaml`
  # The gate listens with TLS. Without this Envoy would speak plain HTTP/2 to it, and every request would end with 503.
  apiVersion: gateway.networking.k8s.io/v1
  kind: BackendTLSPolicy
  metadata:
    name: bearergate
    namespace: ${gate.namespace}
  spec:
    targetRefs:
    - {group: "", kind: Service, name: ${gate.name}}
    validation:
      # One of the names in the gate's certificate.
      hostname: ${`${gate.name}.${gate.namespace}.svc`}
      caCertificateRefs:
      - {group: "", kind: ConfigMap, name: ${configMap}}`
