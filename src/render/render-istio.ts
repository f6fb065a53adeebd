import type { Config } from '../config/load.ts'
import type { Rendered } from './rendered.ts'
import { comment, type TextBlock } from './text-block.ts'
import { toYamlFile, yaml } from './yaml-text.ts'

/** Which workloads of the mesh ask the gate. */
export type IstioTarget =
  /** Pods with these labels: an ingress gateway, or workloads with sidecars. */
  | { readonly kind: 'selector'; readonly labels: Readonly<Record<string, string>> }
  /** A Gateway of the Gateway API: an ingress gateway, or a waypoint with all that it serves. */
  | { readonly kind: 'gateway'; readonly name: string }
  /** A Service behind a waypoint. */
  | { readonly kind: 'service'; readonly name: string }

/** How Istio is to ask the gate, beside what the policy says. */
export interface IstioOptions {
  /** What stands at the top of the file: lines, without `#`. */
  readonly introduction: string
  /** The namespace of what asks the gate. */
  readonly namespace: string
  readonly target: IstioTarget
  /** The name of the extension provider in the mesh's configuration. */
  readonly provider: string
  /** The gate's Service. */
  readonly gate: { readonly name: string; readonly namespace: string; readonly port: number }
}

/** The Kubernetes objects that make Istio ask the gate about every request; apply them as they are. */
export const renderIstio = (config: Config, options: IstioOptions): Rendered => {
  const problems = findIstioProblems(config, options)
  if (problems.length > 0) return { kind: 'refused', problems }
  const policy = yaml`
    ${comment(options.introduction)}

    ${toAuthorizationPolicy(options)}`
  const text = toYamlFile([
    policy,
    toDestinationRule(options),
    toPeerAuthentication(options, toPort(config.file.listen.ops)),
  ])
  return { kind: 'rendered', text }
}

const toPort = (address: string): number => Number(/\d+$/.exec(address)?.[0])

/** What the mesh's own configuration must have beside, as Helm values of `istiod` or `spec` of an IstioOperator. */
export const renderIstioMeshConfig = (config: Config, options: IstioOptions): Rendered => {
  const problems = findIstioProblems(config, options)
  if (problems.length > 0) return { kind: 'refused', problems }
  const { gate, provider } = options
  const text = yaml`
    ${comment(options.introduction)}

    meshConfig:
      extensionProviders:
      # Lower-case letters, digits and hyphens: Istio takes any other name for no provider at all, and denies.
      - name: ${provider}
        envoyExtAuthzGrpc:
          # The whole name: short ones do not resolve, and a name that is not in the registry denies everything.
          service: ${toHostName(gate)}
          # Its port must have the name grpc, or appProtocol grpc or kubernetes.io/h2c: gRPC is HTTP/2.
          port: ${gate.port}
          # The default is ten minutes, in which each request would wait for a gate that hangs.
          timeout: 1s
          # An outage is no denial: 503 is tried again, the default of 403 is not.
          statusOnError: "503"
          # No answer is no permission.
          failOpen: false`
  return { kind: 'rendered', text: toYamlFile([text]) }
}

const toHostName = ({ name, namespace }: IstioOptions['gate']): string => `${name}.${namespace}.svc.cluster.local`

const toAuthorizationPolicy = ({ namespace, target, provider }: IstioOptions): TextBlock => yaml`
  apiVersion: security.istio.io/v1
  kind: AuthorizationPolicy
  metadata:
    name: bearergate
    namespace: ${namespace}
  spec:
    ${toTargetYaml(target)}
    action: CUSTOM
    provider:
      name: ${provider}
    # Every request is asked about, and the policy of the gate says what is open. Nothing here may depend on a host or a
    # path: Istio compares hosts with their port and final dot, and paths as this mesh happens to normalise them, so that
    # Host: api.example.com:80 or /public/..%2fadmin would go around a rule that names them. Without an exemption there
    # is also no way past the gate for a forged identity header.
    rules:
    - {}`

const toTargetYaml = (target: IstioTarget): TextBlock => {
  if (target.kind === 'selector') {
    return yaml`
      selector:
        matchLabels:
          ${Object.entries(target.labels).map(([key, value]) => yaml`${key}: ${value}`)}`
  }
  const isGateway = target.kind === 'gateway'
  return yaml`
    targetRefs:
    - group: ${isGateway ? 'gateway.networking.k8s.io' : ''}
      kind: ${isGateway ? 'Gateway' : 'Service'}
      name: ${target.name}`
}

const toDestinationRule = ({ gate }: IstioOptions): TextBlock => yaml`
  apiVersion: networking.istio.io/v1
  kind: DestinationRule
  metadata:
    name: bearergate
    namespace: ${gate.namespace}
  spec:
    host: ${toHostName(gate)}
    trafficPolicy:
      # Mutual TLS of the mesh goes by itself between proxies of the mesh. A gate outside of it needs tls here, with
      # mode SIMPLE or MUTUAL, caCertificates, sni and subjectAltNames: without the last, any certificate of that CA is good.
      connectionPool:
        tcp:
          # Leaves time for an answer within the one second that a request waits for the gate.
          connectTimeout: 0.25s
        http:
          http2MaxRequests: 10000
          http1MaxPendingRequests: 10000
          maxRetries: 1000
      # Istio asks no health check of the gate, so a dead one is noticed by its silence. Denials are answers: no client
      # can push a gate out with bad tokens. At most half of the gates are out, so that two do not become none.
      outlierDetection:
        splitExternalLocalOriginErrors: true
        consecutiveLocalOriginFailures: 2
        interval: 1s
        baseEjectionTime: 5s
        maxEjectionPercent: 50`

const toPeerAuthentication = ({ gate }: IstioOptions, opsPort: number): TextBlock => yaml`
  # Only proxies of the mesh may ask the gate. It has no effect on a gate without a sidecar.
  apiVersion: security.istio.io/v1
  kind: PeerAuthentication
  metadata:
    name: bearergate
    namespace: ${gate.namespace}
  spec:
    selector:
      matchLabels:
        app.kubernetes.io/name: bearergate
    mtls:
      mode: STRICT
    portLevelMtls:
      # Metrics, for a Prometheus outside of the mesh.
      "${opsPort}": {mode: PERMISSIVE}`

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/** What Istio cannot be told, each with what to do. */
const findIstioProblems = (
  { file }: Config,
  { namespace, target, provider, gate }: IstioOptions,
): readonly string[] => {
  const problems: string[] = []
  for (const [option, name] of [
    ['--namespace', namespace],
    ['--provider', provider],
    ['--gate-service', gate.name],
    ['--gate-service', gate.namespace],
  ] as const) {
    if (!LABEL.test(name)) problems.push(`${option}: ${name} is no name of Kubernetes: use a-z, 0-9 and -, at most 63`)
  }
  if (target.kind === 'selector' && Object.keys(target.labels).length === 0) {
    problems.push(
      '--selector: without a label all pods of the namespace would ask the gate, the gate itself among them',
    )
  }
  if (file.listen.tls) {
    problems.push(
      'listen.tls: let the mesh encrypt instead: in the mesh a proxy speaks plain HTTP/2 to the gate beside it',
    )
  }
  return problems
}
