import type { ConfigFile } from '../config/schema.ts'
import type { Policy } from '../core/check.ts'
import type { EnvoyView, Manager, ProxyRoute, VirtualHost } from './envoy-view.ts'
import { type Gate, isGate, toAsked, toGates } from './gates.ts'
import { pickHost, pickRoutes, toDomainHosts, toRoutePaths } from './route-samples.ts'
import type { Found } from './rule.ts'
import { isPublic, type Sample, toHosts, toPaths, toSamples } from './sample.ts'

/** What the rules about Envoy look at: one configuration beside the policy. */
export interface EnvoyScene {
  readonly file: ConfigFile
  readonly policy: Policy
  readonly envoy: EnvoyView
  readonly gates: readonly Gate[]
  readonly openings: readonly Opening[]
}

/** A route that passes requests on which no gate has judged. */
export interface Opening {
  readonly manager: Manager
  readonly route: ProxyRoute
  /** True when the gate is asked, by the name of a route that is public. */
  readonly isNamed: boolean
  /** Requests that get through here and that the policy does not call public. */
  readonly strays: readonly Sample[]
}

export const toEnvoyScene = (file: ConfigFile, policy: Policy, envoy: EnvoyView): EnvoyScene => ({
  file,
  policy,
  envoy,
  gates: toGates(envoy),
  openings: envoy.managers
    .filter(({ filters }) => filters.some(isGate))
    .flatMap((manager) => manager.hosts.flatMap((host) => findOpenings(policy, manager, host))),
})

const findOpenings = (policy: Policy, manager: Manager, host: VirtualHost): readonly Opening[] => {
  const open = new Map<ProxyRoute, { isNamed: boolean; strays: Sample[] }>()
  for (const route of host.routes) {
    if (!route.forwards) continue
    const asked = toAsked(manager, route)
    const named =
      asked.kind === 'asked' && policy.routes.byName.get(asked.routeName?.text ?? '')?.rule.kind === 'public'
    if (asked.kind === 'unasked' || named) open.set(route, { isNamed: asked.kind === 'asked', strays: [] })
  }
  if (open.size === 0) return []
  const hosts = toDomainHosts(host, toHosts(policy)).filter((name) => pickHost(manager, name) === host)
  const paths = [...open.keys()].flatMap(({ match }) => toRoutePaths(match))
  for (const sample of toSamples(hosts, [...paths, ...toPaths(policy)])) {
    if (isPublic(policy, sample)) continue
    for (const route of pickRoutes(host, sample)) open.get(route)?.strays.push(sample)
  }
  return [...open].map(([route, opening]) => ({ manager, route, ...opening }))
}

/** Looks at every ext_authz filter. */
export const eachGate =
  (find: (gate: Gate, scene: EnvoyScene) => readonly Found[]) =>
  (scene: EnvoyScene): readonly Found[] =>
    scene.gates.flatMap((gate) => find(gate, scene))
