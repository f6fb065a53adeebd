import type { ConfigFile } from '../config/schema.ts'
import type { Policy } from '../core/check.ts'
import type { EnvoyView, Manager, ProxyRoute, VirtualHost } from './envoy-view.ts'
import { type Gate, isGate, toAsked, toGates } from './gates.ts'
import { pickHost, pickRoutes, toDomainHosts, toRoutePaths } from './route-samples.ts'
import type { Found } from './rule.ts'
import { around, isPublic, type Sample, toHosts, toPaths, toSamples } from './sample.ts'
import { type Shadow, toShadow } from './shadow-rules.ts'

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

/** A route, and the requests of it on which no gate judges. */
interface Way {
  readonly route: ProxyRoute
  readonly isNamed: boolean
  readonly isOpen: (sample: Sample) => boolean
}

/** Undefined for a route on which the gate is always asked. */
const toWay = (policy: Policy, manager: Manager, shadow: Shadow | undefined, route: ProxyRoute): Way | undefined => {
  const asked = toAsked(manager, route)
  if (asked.kind === 'unasked') return { route, isNamed: false, isOpen: () => true }
  const isNamed = policy.routes.byName.get(asked.routeName?.text ?? '')?.rule.kind === 'public'
  if (isNamed) return { route, isNamed, isOpen: () => true }
  return shadow && { route, isNamed, isOpen: (sample) => shadow.brings(sample) === 'no' }
}

const findOpenings = (policy: Policy, manager: Manager, host: VirtualHost): readonly Opening[] => {
  const shadow = toShadow(manager)
  const ways = host.routes
    .filter(({ forwards }) => forwards)
    .flatMap((route) => toWay(policy, manager, shadow, route) ?? [])
  if (ways.length === 0) return []
  const hosts = toDomainHosts(host, toHosts(policy)).filter((name) => pickHost(manager, name) === host)
  const paths = [...ways.flatMap(({ route }) => toRoutePaths(route.match)), ...(shadow?.paths.flatMap(around) ?? [])]
  const samples = toSamples(hosts, [...paths, ...toPaths(policy)])
  const picked = samples.map((sample) => ({ sample, routes: pickRoutes(host, sample) }))
  return ways.flatMap(({ route, isNamed, isOpen }) => {
    const passed = picked.filter(({ sample, routes }) => routes.includes(route) && isOpen(sample))
    const strays = passed.map(({ sample }) => sample).filter((sample) => !isPublic(policy, sample))
    // Where it depends on the request, a route is open if one comes through.
    return passed.length > 0 || !shadow ? [{ manager, route, isNamed, strays }] : []
  })
}

/** Looks at every ext_authz filter. */
export const eachGate =
  (find: (gate: Gate, scene: EnvoyScene) => readonly Found[]) =>
  (scene: EnvoyScene): readonly Found[] =>
    scene.gates.flatMap((gate) => find(gate, scene))
