import { matchHost, toHost } from '../core/host.ts'
import { toOwnCredentialHeaders } from '../core/route.ts'
import type { EnvoyScene } from './envoy-scene.ts'
import type { Manager } from './envoy-view.ts'
import { toAsked } from './gates.ts'
import { removesHeader } from './removed-headers.ts'
import { pickHost, pickRoutes, toDomainHosts } from './route-samples.ts'
import type { Rule } from './rule.ts'
import { isClear, type Sample, toDemand, toHosts, toSampleText } from './sample.ts'

/** Where the proxy asks, and what the policy says about the same requests. */
export const envoyRouteRules: readonly Rule<EnvoyScene>[] = [
  {
    code: 'BG230',
    level: 'error',
    title: 'a request is let by that the policy does not call public',
    why: 'Envoy passes it on without a credential, whatever the policy says.',
    fix: 'Narrow the match (exact path, method, no upgrade), or make it public in the policy; else let the gate be asked.',
    find: ({ policy, openings }) =>
      openings.flatMap(({ route, strays }) => {
        const clear = strays.filter(isClear)
        const [first] = clear
        if (!first) return []
        const more = clear.length > 1 ? `, and ${clear.length - 1} more of the requests tried` : ''
        return [{ at: route.match, what: `${toSampleText(first)} gets through; ${toDemand(policy, first)}${more}` }]
      }),
  },
  {
    code: 'BG231',
    level: 'warning',
    title: 'ext_authz is off on a whole subtree',
    why: 'A prefix takes spellings that another program reads as another path; the gate would refuse each of them.',
    fix: 'Switch ext_authz off on exact paths alone, and let the policy say what is public below a prefix.',
    find: ({ policy, openings }) =>
      openings.flatMap(({ route, strays }) => {
        const [first] = strays.filter((sample) => !isClear(sample))
        return first
          ? [{ at: route.match, what: `${toSampleText(first)} gets through; ${toDemand(policy, first)}` }]
          : []
      }),
  },
  {
    code: 'BG232',
    level: 'note',
    title: 'a public path is asked about at the gate',
    why: 'While no gate answers, this path fails as well, though its like are exempt in Envoy or probes rely on it.',
    fix: 'Switch ext_authz off on this exact path, too, if it must hold without the gate.',
    find: (scene) =>
      toOwnManagers(scene).flatMap((manager) =>
        scene.policy.routes.list.flatMap(({ rule, preflight, paths = [], hosts, methods }) => {
          if (rule.kind !== 'public' || preflight || !(methods ?? ['GET']).includes('GET')) return []
          const names = hosts ?? manager.hosts.flatMap((host) => toDomainHosts(host, toHosts(scene.policy)).slice(0, 1))
          const answers = paths
            .filter((path) => !path.endsWith('/*'))
            .flatMap((path) => names.flatMap((host) => askEnvoy(manager, { ...GET, host, path })))
          const isDrift = answers.some(({ isAsked }) => !isAsked)
          return answers
            .filter(({ isAsked, sample }) => isAsked && (isDrift || HEALTH.test(sample.path)))
            .map(({ sample, at }) => ({ at, what: `${toSampleText(sample)} is public in the policy` }))
        }),
      ),
  },
  {
    code: 'BG233',
    level: 'error',
    title: 'identity headers pass where ext_authz is off',
    why: 'The gate removes a client’s own identity headers; where it is not asked, the upstream believes them.',
    fix: 'Remove them for all requests with early_header_mutation_extensions (remove_on_match), as envoy/ does.',
    find: ({ policy, openings }) =>
      openings.flatMap(({ manager, route, isNamed }) => {
        const kept = [...policy.identity.keys()].filter((name) => !removesHeader(manager, route, name))
        return isNamed || kept.length === 0
          ? []
          : [{ at: route.match, what: `a client’s ${kept.join(', ')} gets through` }]
      }),
  },
  {
    code: 'BG234',
    level: 'warning',
    title: 'the policy has no route for a host',
    why: 'The gate denies every request of a host that no route speaks of with 403.',
    fix: 'Name the host in the policy (without port), or take the domain out of Envoy.',
    find: ({ policy, envoy }) =>
      envoy.managers.flatMap((manager) =>
        manager.hosts.flatMap((virtual) => {
          const isAsked = virtual.routes.some((route) => {
            const asked = route.forwards ? toAsked(manager, route) : undefined
            return asked?.kind === 'asked' && !asked.routeName
          })
          const unknown = virtual.domains.filter((domain) => domain !== '*' && !knowsHost(policy, domain))
          return isAsked && unknown.length > 0
            ? [{ at: virtual.part.get('domains'), what: `no route for ${unknown.join(', ')}` }]
            : []
        }),
      ),
  },
  {
    code: 'BG235',
    level: 'note',
    title: 'credentials pass where ext_authz is off',
    why: 'The gate takes the credential out of a request; where it is not asked, the upstream and its log see it.',
    fix: 'Add request_headers_to_remove: [authorization] to the route.',
    find: ({ policy, openings }) => {
      // What else is in a cookie or among websocket protocols is the service's.
      const names = toOwnCredentialHeaders(policy.routes.list)
      return openings.flatMap(({ manager, route, isNamed }) => {
        const kept = names.filter((name) => !removesHeader(manager, route, name))
        return isNamed || kept.length === 0 ? [] : [{ at: route.match, what: `${kept.join(', ')} is passed on` }]
      })
    },
  },
  {
    code: 'BG236',
    level: 'error',
    title: 'a context extension names a route that the policy does not have',
    why: 'The gate denies every request that comes with an unknown route name.',
    fix: 'Give a route of the policy this name, or correct the context extension `route`.',
    find: ({ policy, envoy }) =>
      envoy.managers.flatMap((manager) =>
        manager.hosts.flatMap(({ routes }) =>
          routes.flatMap((route) => {
            const asked = toAsked(manager, route)
            const at = asked.kind === 'asked' ? asked.routeName : undefined
            return at && !policy.routes.byName.has(at.text ?? '') ? [{ at, what: `route: ${at.text}` }] : []
          }),
        ),
      ),
  },
]

/** A mesh asks about every request, as it should: nothing is exempt there on purpose. */
const toOwnManagers = ({ envoy, gates }: EnvoyScene): readonly Manager[] =>
  envoy.managers.filter((manager) => gates.every((gate) => gate.manager !== manager || gate.writer === 'user'))

const GET = { method: 'GET', headers: new Map<string, string>() }

/** What probes ask for. */
const HEALTH = /\/(?:health|healthz|ready|readyz|readiness|live|livez|liveness|ping)$/

/** What Envoy does with a request: nothing is known of one that it does not pass on. */
const askEnvoy = (manager: Manager, sample: Sample) => {
  const host = pickHost(manager, sample.host)
  const route = host && pickRoutes(host, sample).at(-1)
  if (!route?.forwards) return []
  return [{ sample, at: route.match, isAsked: toAsked(manager, route).kind === 'asked' }]
}

const knowsHost = ({ routes }: EnvoyScene['policy'], domain: string): boolean => {
  const host = toHost(domain.replace(/^\*/, 'x').replace(/\*$/, 'example'))
  return host === undefined || routes.list.some(({ hosts }) => !hosts || hosts.some((one) => matchHost(one, host)))
}
