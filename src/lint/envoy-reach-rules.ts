import type { Policy } from '../core/check.ts'
import { matchRoute, type Rule as RuleOfRoute } from '../core/route.ts'
import type { EnvoyScene } from './envoy-scene.ts'
import type { Manager, ProxyRoute } from './envoy-view.ts'
import { pickHost, pickRoutes, toDomainHosts } from './route-samples.ts'
import type { Found, Rule } from './rule.ts'
import { type Sample, toHosts, toPaths } from './sample.ts'

/** By which other ways a service can be reached. */
export const envoyReachRules: readonly Rule<EnvoyScene>[] = [
  {
    code: 'BG237',
    level: 'warning',
    title: 'a public host leads to the service of a closed one',
    why: 'Whatever is closed on one host the same service answers on the other, to anybody.',
    fix: 'Let a deny route take the closed paths on the public host, above the public one.',
    find: (scene) => scene.envoy.managers.flatMap((manager) => findSideDoors(scene, manager)),
  },
]

/** A host that leads to a service, and its paths there: those that are open, and those that cost a credential. */
interface Door {
  readonly host: string
  readonly service: string
  readonly open: ReadonlySet<string>
  readonly closed: readonly string[]
}

const findSideDoors = ({ policy }: EnvoyScene, manager: Manager): readonly Found[] => {
  const hosts = manager.hosts.flatMap((virtual) =>
    toDomainHosts(virtual, toHosts(policy)).filter((host) => pickHost(manager, host) === virtual),
  )
  const doors = [...new Set(hosts)].flatMap((host) => toDoors(policy, manager, host))
  const closed = Map.groupBy(
    doors.filter((door) => door.closed.length > 0),
    ({ service }) => service,
  )
  return doors.flatMap(({ host, service, open }) => {
    const other = open.size > 0 && closed.get(service)?.find((door) => door.closed.every((path) => open.has(path)))
    const at = pickHost(manager, host)?.part.get('domains')
    return other && at ? [{ at, what: `${host} leads to ${service}, as ${other.host} does with a credential` }] : []
  })
}

const toDoors = (policy: Policy, manager: Manager, host: string): readonly Door[] => {
  const samples = [...new Set(toPaths(policy))].map((path) => ({ ...GET, host, path }))
  const reached = samples.flatMap((sample) => toServices(manager, sample).map((service) => ({ service, sample })))
  return [...Map.groupBy(reached, ({ service }) => service)].map(([service, list]) => {
    const toPathsOf = (kind: RuleOfRoute['kind']): readonly string[] =>
      list
        .filter(({ sample }) => matchRoute(policy.routes, sample)?.rule.kind === kind)
        .map(({ sample }) => sample.path)
    return { host, service, open: new Set(toPathsOf('public')), closed: toPathsOf('bearer') }
  })
}

const GET = { method: 'GET', headers: new Map<string, string>() }

/** The clusters that a request is passed on to. */
const toServices = (manager: Manager, sample: Sample): readonly string[] => {
  const virtual = pickHost(manager, sample.host)
  const route = virtual && pickRoutes(virtual, sample).at(-1)
  return route?.forwards ? toClusters(route) : []
}

const toClusters = ({ part, ways }: ProxyRoute): readonly string[] =>
  ways.flatMap(([scope]) => (scope === part ? scope.get('route', 'cluster') : scope?.get('name'))?.text ?? [])
