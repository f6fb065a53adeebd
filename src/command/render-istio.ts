import type { Config } from '../config/load.ts'
import { type IstioOptions, type IstioTarget, renderIstio, renderIstioMeshConfig } from '../render/render-istio.ts'
import type { Rendered } from '../render/rendered.ts'
import { toGatePort } from './render-envoy.ts'
import { NO_PORT } from './render-envoy-gateway.ts'

/** The options of `bearergate render istio`. */
export interface RenderIstioFlags {
  readonly config: string
  readonly target: 'ingress' | 'sidecar' | 'waypoint'
  readonly namespace?: string
  readonly selector?: Readonly<Record<string, string>>
  readonly gateway?: string
  readonly service?: string
  readonly provider: string
  readonly gateService: { readonly name: string; readonly namespace: string }
  readonly gatePort?: number
  readonly meshConfig?: boolean
}

/** Istio's objects for a configuration, or what the mesh's own configuration needs; `command` is how it was asked for. */
export const toIstio = (config: Config, flags: RenderIstioFlags, command: string): Rendered => {
  const port = flags.gatePort ?? toGatePort(config)
  const target = toTarget(flags)
  const problems = [...(port === undefined ? [NO_PORT] : []), ...(typeof target === 'string' ? [target] : [])]
  if (port === undefined || typeof target === 'string') return { kind: 'refused', problems }
  const options: IstioOptions = {
    introduction: toIntroduction(command, flags.meshConfig ?? false),
    namespace: flags.namespace ?? (flags.target === 'ingress' ? 'istio-system' : 'default'),
    target,
    provider: flags.provider,
    gate: { ...flags.gateService, port },
  }
  return flags.meshConfig ? renderIstioMeshConfig(config, options) : renderIstio(config, options)
}

/** A text says what is missing. */
const toTarget = ({ target, selector, gateway, service }: RenderIstioFlags): IstioTarget | string => {
  if (gateway !== undefined) return { kind: 'gateway', name: gateway }
  if (service !== undefined && target !== 'waypoint') return '--service: is for --target waypoint'
  if (service !== undefined) return { kind: 'service', name: service }
  if (target === 'waypoint')
    return '--target waypoint: say --gateway for all that it serves, or --service for one of them'
  if (selector) return { kind: 'selector', labels: selector }
  if (target === 'ingress') return { kind: 'selector', labels: { istio: 'ingressgateway' } }
  return '--target sidecar: say with --selector which pods are meant'
}

const toIntroduction = (command: string, isMeshConfig: boolean): string =>
  isMeshConfig
    ? `The gate as an extension provider of Istio: Helm values for istiod, or the spec of an IstioOperator. Written by

  ${command}

Install it first: a policy that names a provider which is not there denies everything.`
    : `Istio asks the gate about every request. Written by

  ${command}

The mesh must know the provider: write that part with --mesh-config. What is open is said in the policy of the gate.
A workload has one CUSTOM provider: a second one denies everything on it. A Sidecar resource, where there is one, must
have the namespace of the gate among its egress hosts, or every request ends with 503.`
