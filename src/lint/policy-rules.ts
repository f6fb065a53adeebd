import type { Route } from '../core/route.ts'
import { covers, sharesHost, takesPathOf } from './cover.ts'
import type { PolicyScene } from './policy-scene.ts'
import type { Found, Rule } from './rule.ts'

/** What a policy shows by itself. */
export const policyRules: readonly Rule<PolicyScene>[] = [
  {
    code: 'BG101',
    level: 'warning',
    title: 'a route that no request reaches',
    why: 'The first route that matches decides: one above takes every request of this one.',
    fix: 'Move it up, or take it out.',
    find: (scene) =>
      eachRoute(scene, (route, above) => {
        const first = above.find((other) => covers(other, route))
        if (!first) return []
        const isHole = first.rule.kind === 'public' && route.rule.kind !== 'public'
        const what = `${first.name} (${first.rule.kind}) takes all of ${route.name} (${route.rule.kind})`
        return [{ what, ...(isHole && { level: 'error' as const }) }]
      }),
  },
  {
    code: 'BG102',
    level: 'error',
    title: 'a public route opens what a route below closes',
    why: 'The first route that matches decides: the narrower rule below never sees these requests.',
    fix: 'Move the closed route above the public one.',
    find: (scene) =>
      eachRoute(scene, (route, above) => {
        if (route.rule.kind === 'public' || above.some((other) => covers(other, route))) return []
        const opener = above.find(
          (other) => other.rule.kind === 'public' && !other.preflight && takesPathOf(other, route),
        )
        return opener ? [{ what: `${opener.name} is public, ${route.name} comes after it` }] : []
      }),
  },
  {
    code: 'BG103',
    level: 'warning',
    title: 'a public path over sensitive things',
    why: 'Below names like these services put what nobody but their owner should see, today or in their next version.',
    fix: 'List the paths that must be open one by one, or ask for a credential.',
    find: (scene) =>
      eachRoute(scene, ({ rule, preflight, paths = [] }) => {
        if (rule.kind !== 'public' || preflight) return []
        const sensitive = paths.filter(isSensitive)
        return sensitive.length > 0 ? [{ field: 'path', what: sensitive.join(', ') }] : []
      }),
  },
  {
    code: 'BG104',
    level: 'warning',
    title: 'all but some paths are public',
    why: 'On this host each new path of the service is open until somebody notices.',
    fix: 'List what is public, and let a bearer route without a path come last.',
    find: (scene) =>
      eachRoute(scene, (route) => {
        const { rule, paths = ['/*'], preflight } = route
        if (rule.kind !== 'public' || preflight || !paths.includes('/*')) return []
        const closed = scene.policy.routes.list.find(
          (other) => other.rule.kind === 'bearer' && sharesHost(route, other),
        )
        return closed ? [{ what: `${route.name} opens what ${closed.name} does not take, on the same host` }] : []
      }),
  },
  {
    code: 'BG105',
    level: 'warning',
    title: 'a public route for writing',
    why: 'Anybody may change or start something there.',
    fix: 'Name GET and HEAD alone, or ask for a credential.',
    find: (scene) =>
      eachRoute(scene, ({ rule, preflight, methods = [] }) => {
        if (rule.kind !== 'public' || preflight) return []
        const writing = methods.filter((method) => !READING.has(method))
        return writing.length > 0 ? [{ field: 'method', what: writing.join(', ') }] : []
      }),
  },
  {
    code: 'BG106',
    level: 'error',
    title: 'everything that no route speaks of is open',
    why: 'A public route without host and path takes every request that gets this far.',
    fix: 'Name the host, or leave it out: what no route matches is denied.',
    find: (scene) =>
      eachRoute(scene, ({ rule, preflight, hosts, paths, methods }) =>
        rule.kind === 'public' && !preflight && !hosts && !paths && !methods ? [{ what: 'public, for all' }] : [],
      ),
  },
  {
    code: 'BG110',
    level: 'warning',
    title: 'Envoy decides about outages',
    why: 'With failure_mode_allow it lets such requests through, and Envoys before 1.37 answer 403.',
    fix: 'Leave outage out: the gate then answers 503, whatever Envoy is set to.',
    find: ({ file, root }) => (file.outage === 'error' ? [{ at: root.get('outage'), what: 'outage: error' }] : []),
  },
  {
    code: 'BG111',
    level: 'note',
    title: 'the credential goes upstream',
    why: 'The service, its log and whatever it calls see a key or a token that is good at this gate.',
    fix: 'Leave authorization out (it is removed), unless the service needs it.',
    find: ({ file, root }) =>
      file.routes.flatMap(({ authorization }, index) =>
        authorization === 'keep'
          ? [{ at: toRoute(root, index).get('authorization'), what: 'authorization: keep' }]
          : [],
      ),
  },
  {
    code: 'BG112',
    level: 'note',
    title: 'the upstream is not told who called',
    why: 'Without identity headers it cannot tell callers apart, and none that a client invents is removed.',
    fix: 'Set identity: {subject: x-auth-request-user}.',
    find: ({ policy, root }) =>
      policy.identity.size === 0 ? [{ at: root.get('identity'), what: 'no identity header' }] : [],
  },
  {
    code: 'BG113',
    level: 'warning',
    title: 'a token counts long after its time',
    why: 'clockTolerance keeps expired tokens good for that long; clocks differ by seconds.',
    fix: 'Set clockTolerance to a minute at most.',
    find: ({ file, root }) =>
      file.issuers.flatMap(({ clockTolerance }, index) =>
        clockTolerance > 300_000
          ? [
              {
                at: root.get('issuers').items()[index]?.get('clockTolerance') ?? root,
                what: `${clockTolerance / 1_000} s`,
              },
            ]
          : [],
      ),
  },
]

const READING: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Exact paths, and subtrees, that hold more than meets the eye. A health path of one of them is none. */
const isSensitive = (path: string): boolean => {
  const segments = path.toLowerCase().split('/')
  const isSubtree = segments.at(-1) === '*'
  return segments.some((segment) => SENSITIVE.has(segment)) ||
    (isSubtree && segments.some((segment) => APIS.has(segment)))
    ? !HEALTH.test(path)
    : false
}

const SENSITIVE: ReadonlySet<string> = new Set([
  ...['admin', 'internal', 'private', 'debug', 'pprof', 'metrics', 'actuator', 'console', 'secrets', 'backup'],
  ...['.env', '.git', '.svn', '.ssh', '.aws', 'server-status', 'phpinfo.php', 'jolokia'],
])

const APIS: ReadonlySet<string> = new Set([
  'api',
  'apis',
  'graphql',
  'rpc',
  'rest',
  'v1',
  'webhooks',
  'hooks',
  'events',
])

const HEALTH = /\/(?:health|healthz|ready|readyz|live|livez|info)$/

type FindRoute = (route: Route, above: readonly Route[]) => readonly (Omit<Found, 'at'> & { readonly field?: string })[]

const eachRoute = ({ root, policy }: PolicyScene, find: FindRoute): readonly Found[] => {
  const { list } = policy.routes
  return list.flatMap((route, index) =>
    find(route, list.slice(0, index)).map(({ field, ...found }) => {
      const at = toRoute(root, index)
      return { at: field === undefined ? at : at.get(field), ...found }
    }),
  )
}

const toRoute = (root: PolicyScene['root'], index: number) => root.get('routes').items()[index] ?? root
