import { findFreePorts } from '../../scripts/ports.ts'
import { startEchoUpstream } from '../e2e/echo-upstream.ts'
import { makeIssuer } from '../e2e/requests/issuer.ts'
import { startEnvoy } from '../e2e/start-envoy.ts'
import { type RunningGate, startGate } from '../e2e/start-gate.ts'
import { startProcess } from '../e2e/start-process.ts'
import { KEY } from '../e2e/start-stack.ts'
import { makeTemporaryFolder } from '../e2e/temporary-folder.ts'
import { waitFor } from '../e2e/wait-for.ts'
import { findIstioPrograms } from './istio-programs.ts'
import { type MeshTarget, writeMeshFiles } from './mesh-files.ts'
import { type MeshProxy, toProxyBootstrap } from './proxy-bootstrap.ts'

/** A gateway or a sidecar that does as istiod says, a service, and a gate. */
export interface RunningMesh {
  /** Where the proxy listens on 127.0.0.1. */
  readonly port: number
  /** An access token that the gate takes, beside the key. */
  readonly token: string
  readonly gate: RunningGate
  readonly close: () => Promise<void>
}

const PROXIES: Readonly<Record<MeshTarget, MeshProxy>> = {
  ingress: {
    kind: 'router',
    name: 'istio-ingressgateway',
    namespace: 'istio-system',
    labels: { istio: 'ingressgateway' },
  },
  sidecar: {
    kind: 'sidecar',
    name: 'prefect-server',
    namespace: 'prefect',
    labels: { 'app.kubernetes.io/name': 'prefect-server', 'app.kubernetes.io/component': 'server' },
  },
}
/** Filters that only Istio's own Envoy has. */
const STOCK_ENVOY = ['PILOT_ENABLE_ALPN_FILTER=false', 'PILOT_ENABLE_METADATA_EXCHANGE=false']

/** Starts what is shipped for Istio, with Istio's own discovery and a stock Envoy. */
export const startMesh = async (target: MeshTarget): Promise<RunningMesh> => {
  const { discovery: program } = await findIstioPrograms()
  const folder = makeTemporaryFolder()
  const parts: (() => unknown)[] = [folder.remove]
  const close = async (): Promise<void> => {
    for (const part of parts.toReversed()) await part()
  }
  try {
    const { token, addTo, remove } = await makeIssuer()
    parts.push(remove)
    const upstream = await startEchoUpstream()
    parts.push(upstream.close)
    const gate = await startGate('front-proxy', { ci: KEY }, addTo)
    parts.push(gate.close)

    const [proxy = 0] = await findFreePorts(1)
    const ports = { gate: toPort(gate.address), app: upstream.port, proxy }
    const { mesh, services, objects } = writeMeshFiles(folder.path, target, ports)
    const options = ['-mesh', mesh, '-services', services]
    const discovery = startProcess('env', [...STOCK_ENVOY, program, ...options, ...objects])
    parts.push(discovery.close)
    const address = await waitFor('istiod serves', () => {
      discovery.assertAlive()
      return discovery.lines().find((line) => line.startsWith('127.0.0.1:'))
    })
    const envoy = await startEnvoy(toProxyBootstrap(PROXIES[target], toPort(address)))
    parts.push(envoy.close)
    return { port: proxy, token, gate, close }
  } catch (error) {
    await close()
    throw error
  }
}

const toPort = (address: string): number => Number(address.slice(address.lastIndexOf(':') + 1))
