import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse, stringify } from 'yaml'

/** Where the proxies and what is behind them listen on 127.0.0.1. */
export interface MeshPorts {
  readonly gate: number
  readonly app: number
  /** Where requests go in: at the gateway or at the sidecar. */
  readonly proxy: number
}

/** The files that a mesh is told by. */
export interface MeshFiles {
  readonly mesh: string
  readonly services: string
  readonly objects: readonly string[]
}

/** What of Istio asks the gate. */
export type MeshTarget = 'ingress' | 'sidecar'

/** A file of Istio's objects that is shipped. */
export const shippedForIstio = (target: MeshTarget | 'waypoint'): string => toPath(`k8s/istio/${target}/istio.yaml`)

/** Writes a mesh: what is shipped, as it is, and around it a service that was there before. */
export const writeMeshFiles = (folder: string, target: MeshTarget, ports: MeshPorts): MeshFiles => {
  const write = (name: string, documents: readonly object[]): string => {
    const path = join(folder, name)
    writeFileSync(path, documents.map((document) => stringify(document)).join('---\n'))
    return path
  }
  const { meshConfig } = parse(readFileSync(toPath('k8s/istio/mesh-config.yaml'), 'utf8')) as { meshConfig: object }
  return {
    // Nobody hands out certificates here, so nothing may ask for one.
    mesh: write('mesh.yaml', [{ ...meshConfig, enableAutoMtls: false }]),
    services: write('services.yaml', toGateService(ports.gate)),
    objects: [shippedForIstio(target), write('app.yaml', [WITHOUT_TLS, ...APPS[target](ports)])],
  }
}

const toPath = (file: string): string => fileURLToPath(new URL(`../../${file}`, import.meta.url))

/** The shipped Service, and a gate behind it. */
const toGateService = (gate: number): readonly object[] => {
  const service = parse(readFileSync(toPath('k8s/base/service.yaml'), 'utf8')) as {
    metadata: object
    spec: object
  }
  const place = { name: 'bearergate', namespace: 'bearergate' }
  return [
    { ...service, metadata: { ...service.metadata, ...place }, spec: { ...service.spec, clusterIP: '10.0.0.9' } },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...place, labels: { 'kubernetes.io/service-name': 'bearergate' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['127.0.0.1'], conditions: { ready: true } }],
      ports: [{ name: 'grpc', port: gate, protocol: 'TCP' }],
    },
  ]
}

const istio = (group: string, kind: string, namespace: string, name: string, spec: object): object => ({
  apiVersion: `${group}.istio.io/v1`,
  kind,
  metadata: { name, namespace },
  spec,
})

const WITHOUT_TLS = istio('security', 'PeerAuthentication', 'istio-system', 'default', { mtls: { mode: 'DISABLE' } })

/** Every host and every path leads to the service: what is refused is refused by the gate, and by no lack of a route. */
const APPS: Readonly<Record<MeshTarget, (ports: MeshPorts) => readonly object[]>> = {
  ingress: ({ app, proxy }) => [
    istio('networking', 'ServiceEntry', 'prefect', 'prefect-server', {
      hosts: ['prefect-server.prefect.svc.cluster.local'],
      location: 'MESH_INTERNAL',
      resolution: 'STATIC',
      ports: [{ number: 4200, name: 'http', protocol: 'HTTP', targetPort: app }],
      endpoints: [{ address: '127.0.0.1' }],
    }),
    istio('networking', 'Gateway', 'istio-system', 'edge', {
      selector: { istio: 'ingressgateway' },
      servers: [{ port: { number: proxy, name: 'http', protocol: 'HTTP' }, bind: '127.0.0.1', hosts: ['*'] }],
    }),
    istio('networking', 'VirtualService', 'prefect', 'prefect-server', {
      hosts: ['*'],
      gateways: ['istio-system/edge'],
      http: [
        { route: [{ destination: { host: 'prefect-server.prefect.svc.cluster.local', port: { number: 4200 } } }] },
      ],
    }),
  ],
  sidecar: ({ app, proxy }) => [
    istio('networking', 'Sidecar', 'prefect', 'prefect-server', {
      workloadSelector: { labels: { 'app.kubernetes.io/name': 'prefect-server' } },
      ingress: [
        {
          port: { number: proxy, name: 'http', protocol: 'HTTP' },
          bind: '127.0.0.1',
          captureMode: 'NONE',
          defaultEndpoint: `127.0.0.1:${app}`,
        },
      ],
      egress: [{ hosts: ['./*', 'bearergate/*'] }],
    }),
  ],
}
