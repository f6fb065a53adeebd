import type { Config } from '../config/load.ts'
import { toWorkerAddress } from '../config/worker-address.ts'
import { type Address, parseAddress } from '../render/address.ts'
import type { GateTls } from '../render/envoy/clusters-yaml.ts'
import { renderEnvoy } from '../render/render-envoy.ts'
import type { Rendered } from '../render/rendered.ts'
import type { Upstream } from '../render/upstream.ts'

/** The options of `bearergate render envoy`. */
export interface RenderEnvoyFlags {
  readonly config: string
  readonly upstream?: readonly Upstream[]
  readonly gate?: readonly Address[]
  readonly gateCa?: string
  readonly gateName?: string
  readonly gateCertificate?: string
  readonly gateKey?: string
  readonly listen: Address
  readonly admin?: Address
  readonly port?: readonly number[]
  readonly trustedHops: number
  readonly corsOrigin?: readonly string[]
  readonly corsHeaders: string
  readonly keepAuthorization?: boolean
}

/** Envoy's bootstrap for a configuration; `command` is how it was asked for. */
export const toEnvoyBootstrap = (config: Config, flags: RenderEnvoyFlags, command: string): Rendered => {
  const { listen, admin } = flags
  const gates = flags.gate ?? toGates(config)
  const gateTls = toGateTls(flags, gates)
  return renderEnvoy(config, {
    introduction: toIntroduction(command),
    listen,
    ...(admin && { admin }),
    gates,
    ...(gateTls && { gateTls }),
    upstreams: flags.upstream ?? [],
    ports: flags.port ?? (listen.kind === 'unix' ? [] : [listen.port]),
    trustedHops: flags.trustedHops,
    corsOrigins: flags.corsOrigin ?? [],
    corsHeaders: flags.corsHeaders,
    keepsAuthorization: flags.keepAuthorization ?? false,
  })
}

const toGateTls = (flags: RenderEnvoyFlags, gates: readonly Address[]): GateTls | undefined => {
  const { gateCa, gateCertificate, gateKey } = flags
  if (gateCa === undefined) return undefined
  const named = gates.find(({ kind }) => kind === 'name')
  return {
    caFile: gateCa,
    name: flags.gateName ?? (named?.kind === 'name' ? named.host : 'bearergate.local'),
    ...(gateCertificate !== undefined &&
      gateKey !== undefined && { client: { certificateFile: gateCertificate, keyFile: gateKey } }),
  }
}

const toIntroduction = (command: string): string => `Envoy with bearergate as its gate. Written from the policy by

  ${command}

What is open is said in the policy: change it there, and write this file anew. In earnest it needs TLS on the listener,
and the service must be reachable through Envoy only.`

/** Where the workers of the gate listen, seen from its own machine. */
const toGates = ({ file }: Config): readonly Address[] => toLocal(file.listen.grpc, file.workers)

/** Where something listens, with as many workers, seen from its own machine. */
export const toLocal = (listen: string, workers: number): readonly Address[] => {
  const local = listen.replace(/^0\.0\.0\.0:/, '127.0.0.1:').replace(/^\[::\]:/, '[::1]:')
  return Array.from({ length: workers }, (_, worker) => parseAddress(toWorkerAddress(local, worker))).filter(
    (address) => address !== undefined,
  )
}

/** The port that the gate listens on; undefined for a unix socket. */
export const toGatePort = (config: Config): number | undefined => {
  const [gate] = toGates(config)
  return gate && gate.kind !== 'unix' ? gate.port : undefined
}
