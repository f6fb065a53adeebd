const ADMIN = ['--admin', '127.0.0.1:9901']
const PREFECT_CORS = [
  ...['--cors-origin', 'https://ui.prefect.example.com', '--cors-headers'],
  'authorization,content-type,prefect-csrf-token,prefect-csrf-client,x-prefect-api-version',
]
const IN_CLUSTER = ['--config', 'k8s/base/bearergate.yaml']
const PREFECT_PODS = [
  ...['--selector', 'app.kubernetes.io/name=prefect-server', '--selector', 'app.kubernetes.io/component=server'],
]

const ENVOY_GATEWAY = [
  ...['--namespace', 'prefect', '--upstream', 'api.prefect.example.com/api=prefect-server.prefect:4200'],
  ...[
    '--upstream',
    'ui.prefect.example.com/api=none',
    '--upstream',
    'ui.prefect.example.com=prefect-server.prefect:4200',
  ],
  ...PREFECT_CORS,
]

/** Each file that is shipped as rendered, and what `bearergate render` is told to write it. */
export const RENDERED_FILES: Readonly<Record<string, readonly string[]>> = {
  'envoy/front-proxy.yaml': [
    ...['envoy', '--config', 'envoy/front-proxy.policy.yaml', ...ADMIN],
    ...['--upstream', 'api.prefect.example.com/api=127.0.0.1:4200'],
    ...['--upstream', 'ui.prefect.example.com=127.0.0.1:4200', '--upstream', 'ui.prefect.example.com/api=none'],
    ...PREFECT_CORS,
  ],
  'envoy/one-host.yaml': [
    ...['envoy', '--config', 'envoy/one-host.policy.yaml', ...ADMIN],
    ...['--upstream', '127.0.0.1:4200'],
  ],
  'envoy/sidecar.yaml': [
    ...['envoy', '--config', 'envoy/sidecar.policy.yaml', ...ADMIN],
    ...['--listen', '0.0.0.0:8080', '--trusted-hops', '1', '--upstream', '/api=127.0.0.1:4200'],
  ],
  'k8s/envoy/envoy.yaml': [
    ...['envoy', ...IN_CLUSTER],
    ...['--upstream', 'api.prefect.example.com/api=prefect-server.prefect.svc.cluster.local:4200'],
    ...['--upstream', 'ui.prefect.example.com/api=none'],
    ...['--upstream', 'ui.prefect.example.com=prefect-server.prefect.svc.cluster.local:4200'],
    ...['--gate', 'bearergate-pods.bearergate.svc.cluster.local:9001', '--listen', '0.0.0.0:8080'],
    ...['--port', '80', '--port', '443', ...PREFECT_CORS],
  ],
  'k8s/istio/mesh-config.yaml': ['istio', ...IN_CLUSTER, '--mesh-config'],
  'k8s/istio/ingress/istio.yaml': [
    ...['istio', ...IN_CLUSTER],
    ...['--target', 'ingress', '--selector', 'istio=ingressgateway'],
  ],
  'k8s/istio/sidecar/istio.yaml': [
    ...['istio', ...IN_CLUSTER],
    ...['--target', 'sidecar', '--namespace', 'prefect', ...PREFECT_PODS],
  ],
  'k8s/istio/waypoint/istio.yaml': [
    ...['istio', ...IN_CLUSTER],
    ...['--target', 'waypoint', '--namespace', 'prefect', '--service', 'prefect-server'],
  ],
  'k8s/envoy-gateway/gateway.yaml': ['envoy-gateway', ...IN_CLUSTER, ...ENVOY_GATEWAY],
  'k8s/envoy-gateway/gate-tls/gateway.yaml': [
    ...['envoy-gateway', '--config', 'k8s/envoy-gateway/gate-tls/gate/bearergate.yaml', ...ENVOY_GATEWAY],
    ...['--gate-ca', 'bearergate-ca'],
  ],
}
