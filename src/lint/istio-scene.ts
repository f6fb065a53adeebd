import type { ConfigFile } from '../config/schema.ts'
import type { Policy } from '../core/check.ts'
import { type ClusterObject, toLabels } from './cluster-object.ts'
import { matchCustomRule, toRulePaths } from './custom-rule.ts'
import type { Part } from './part.ts'
import { around, isPublic, type Sample, toHosts, toPaths, toSamples } from './sample.ts'

/** What the rules about Istio look at: all its objects together, beside the policy. */
export interface IstioScene {
  readonly file: ConfigFile
  readonly policy: Policy
  readonly objects: readonly ClusterObject[]
  readonly meshes: readonly Part[]
  readonly providers: readonly Provider[]
  readonly customs: readonly Custom[]
  /** Requests that no CUSTOM policy of a workload brings to the gate. */
  readonly gaps: readonly Gap[]
}

/** An ext_authz provider over gRPC. */
export interface Provider {
  readonly name: string
  readonly part: Part
  readonly grpc: Part
  readonly service: Service | undefined
}

/** Where a provider is, by Istio's `[ns/]host`. */
export interface Service {
  readonly host: string
  /** The namespace, where the name says one. */
  readonly namespace: string | undefined
  /** The first label of the host. */
  readonly name: string
  readonly port: number | undefined
}

/** An AuthorizationPolicy with action CUSTOM. */
export interface Custom extends ClusterObject {
  readonly provider: Part
  readonly rules: Part
}

export interface Gap {
  readonly customs: readonly Custom[]
  /** Those that the policy does not call public. */
  readonly strays: readonly Sample[]
}

export const toIstioScene = (
  file: ConfigFile,
  policy: Policy,
  objects: readonly ClusterObject[],
  meshes: readonly Part[],
): IstioScene => {
  const customs = objects
    .filter(({ kind, spec }) => kind === 'AuthorizationPolicy' && spec.get('action').text === 'CUSTOM')
    .map((object) => ({ ...object, provider: object.spec.get('provider', 'name'), rules: object.spec.get('rules') }))
  return {
    file,
    policy,
    objects,
    meshes,
    customs,
    providers: meshes.flatMap(toProviders),
    gaps: findGaps(policy, customs),
  }
}

const toProviders = (mesh: Part): readonly Provider[] =>
  mesh
    .get('extensionProviders')
    .items()
    .filter((part) => part.get('envoyExtAuthzGrpc').isThere)
    .map((part) => {
      const grpc = part.get('envoyExtAuthzGrpc')
      return { name: part.get('name').text ?? '', part, grpc, service: toService(grpc) }
    })

const toService = (grpc: Part): Service | undefined => {
  const text = grpc.get('service').text
  if (text === undefined) return undefined
  const [, prefix, host = ''] = /^(?:([^/]*)\/)?(.*)$/.exec(text) ?? []
  const [name = '', label, kind] = host.split('.')
  return { host, name, namespace: prefix ?? (kind === 'svc' ? label : undefined), port: grpc.get('port').number }
}

const findGaps = (policy: Policy, customs: readonly Custom[]): readonly Gap[] => {
  const byWorkload = Map.groupBy(customs, ({ namespace, spec }) => JSON.stringify([namespace, toTarget(spec)]))
  const hosts = toHosts(policy)
  return [...byWorkload.values()].flatMap((group) => {
    const rules = group.flatMap((custom) => custom.rules.items())
    const paths = [...rules.flatMap(toRulePaths).flatMap(around), ...toPaths(policy)]
    const unasked = toSamples(hosts.length > 0 ? hosts : ['any.example'], paths).filter((sample) =>
      rules.every((rule) => matchCustomRule(rule, sample) === 'no'),
    )
    return unasked.length > 0 ? [{ customs: group, strays: unasked.filter((one) => !isPublic(policy, one)) }] : []
  })
}

/** Which workloads a policy is for, within its namespace. */
export const toTarget = (spec: Part) => ({
  labels: [...toLabels(spec.get('selector', 'matchLabels'))].toSorted(),
  refs: [...spec.get('targetRefs').items(), spec.get('targetRef')]
    .filter(({ isThere }) => isThere)
    .map((ref) => `${ref.get('kind').text}/${ref.get('name').text}`)
    .toSorted(),
})
