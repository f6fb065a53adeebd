/** The policy that the shipped manifests are written from. */
const POLICY = ['--config', 'k8s/base/bearergate.yaml']
/** The Service of the public Prefect chart. */
const PREFECT = 'prefect-server.prefect.svc.cluster.local:4200'

/** Files below `k8s` that `bearergate render` writes, each with the rest of its command line. */
export const RENDERED_MANIFESTS: Readonly<Record<string, readonly string[]>> = {
  'k8s/envoy/envoy.yaml': [
    ...['envoy', ...POLICY],
    ...['--upstream', `api.prefect.example.com/api=${PREFECT}`],
    ...['--upstream', 'ui.prefect.example.com/api=none'],
    ...['--upstream', `ui.prefect.example.com=${PREFECT}`],
    ...['--gate', 'bearergate-pods.bearergate.svc.cluster.local:9001'],
    ...['--listen', '0.0.0.0:8080', '--port', '80', '--port', '443'],
    ...['--cors-origin', 'https://ui.prefect.example.com'],
    ...['--cors-headers', 'authorization,content-type,prefect-csrf-token,prefect-csrf-client,x-prefect-api-version'],
  ],
  'k8s/istio/mesh-config.yaml': ['istio', ...POLICY, '--mesh-config'],
  'k8s/istio/ingress/istio.yaml': ['istio', ...POLICY, '--target', 'ingress', '--selector', 'istio=ingressgateway'],
  'k8s/istio/sidecar/istio.yaml': [
    ...['istio', ...POLICY, '--target', 'sidecar', '--namespace', 'prefect'],
    ...['--selector', 'app.kubernetes.io/name=prefect-server', '--selector', 'app.kubernetes.io/component=server'],
  ],
  'k8s/istio/waypoint/istio.yaml': [
    ...['istio', ...POLICY, '--target', 'waypoint', '--namespace', 'prefect', '--service', 'prefect-server'],
  ],
}
