import type { Config } from '../config/load.ts'
import { renderEnvoyGateway } from '../render/render-envoy-gateway.ts'
import type { Rendered } from '../render/rendered.ts'
import type { Upstream } from '../render/upstream.ts'
import { toGatePort } from './render-envoy.ts'

/** The options of `bearergate render envoy-gateway`. */
export interface RenderEnvoyGatewayFlags {
  readonly config: string
  readonly upstream?: readonly Upstream[]
  readonly namespace: string
  readonly gateway: string
  readonly gatewayClass: string
  readonly existing?: boolean
  readonly tlsSecret?: string
  readonly gateService: { readonly name: string; readonly namespace: string }
  readonly gatePort?: number
  readonly gateCa?: string
  readonly trustedHops: number
  readonly corsOrigin?: readonly string[]
  readonly corsHeaders: string
}

/** Envoy Gateway's objects for a configuration; `command` is how it was asked for. */
export const toEnvoyGateway = (config: Config, flags: RenderEnvoyGatewayFlags, command: string): Rendered => {
  const port = flags.gatePort ?? toGatePort(config)
  if (port === undefined) return { kind: 'refused', problems: [NO_PORT] }
  const { namespace, gateway, tlsSecret, gateCa, trustedHops, corsHeaders } = flags
  return renderEnvoyGateway(config, {
    introduction: toIntroduction(command),
    namespace,
    gateway,
    ...(!flags.existing && { gatewayClass: flags.gatewayClass }),
    ...(tlsSecret !== undefined && { tlsSecret }),
    gate: { ...flags.gateService, port },
    ...(gateCa !== undefined && { gateCa }),
    upstreams: flags.upstream ?? [],
    trustedHops,
    corsOrigins: flags.corsOrigin ?? [],
    corsHeaders,
  })
}

/** What to do where the gate has no port. */
export const NO_PORT =
  '--gate-port: the gate listens on a unix socket, which other pods cannot reach: say where it will listen'

const toIntroduction = (command: string): string => `Envoy Gateway asks the gate about every request. Written by

  ${command}

What is open is said in the policy of the gate: change it there, and write this file anew.`
