import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import { startEchoUpstream } from '../e2e/echo-upstream.ts'
import { makeIssuer } from '../e2e/requests/issuer.ts'
import { startEnvoy } from '../e2e/start-envoy.ts'
import { type RunningGate, startGate } from '../e2e/start-gate.ts'
import { KEY } from '../e2e/start-stack.ts'
import { makeTemporaryFolder } from '../e2e/temporary-folder.ts'
import { findEgctl, translate } from './egctl.ts'
import { toStatic } from './to-static.ts'

/** A stock Envoy that does as Envoy Gateway says, a service, and a gate. */
export interface RunningGateway {
  /** Where Envoy listens on 127.0.0.1. */
  readonly port: number
  /** An access token that the gate takes, beside the key. */
  readonly token: string
  readonly gate: RunningGate
  readonly close: () => Promise<void>
}

const SHIPPED = fileURLToPath(new URL('../../k8s/envoy-gateway/gateway.yaml', import.meta.url))

const toService = (namespace: string, name: string, port: number): object => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace },
  // The address that egctl takes for an endpoint's.
  spec: { clusterIP: '127.0.0.1', ports: [{ name: 'grpc', port, targetPort: port, protocol: 'TCP' }] },
})

/** What a cluster has beside what is shipped. */
const CLUSTER = [
  {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'GatewayClass',
    metadata: { name: 'eg' },
    spec: { controllerName: 'gateway.envoyproxy.io/gatewayclass-controller' },
  },
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'prefect' } },
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'bearergate' } },
  toService('prefect', 'prefect-server', 4200),
  toService('bearergate', 'bearergate', 9001),
]

/** Starts what is shipped for Envoy Gateway, as its own program translates it. */
export const startGateway = async (): Promise<RunningGateway> => {
  const egctl = await findEgctl()
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

    const file = join(folder.path, 'cluster.yaml')
    writeFileSync(file, [...CLUSTER.map((object) => stringify(object)), readFileSync(SHIPPED, 'utf8')].join('---\n'))
    const gatePort = Number(gate.address.split(':').at(-1))
    const bootstrap = toStatic(
      await translate(egctl, file),
      new Map([
        [4200, upstream.port],
        [9001, gatePort],
      ]),
    )
    const envoy = await startEnvoy(bootstrap)
    parts.push(envoy.close)
    return { port: envoy.port, token, gate, close }
  } catch (error) {
    await close()
    throw error
  }
}
