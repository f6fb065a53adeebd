import type { ConfigFile } from '../config/schema.ts'
import type { Policy } from '../core/check.ts'
import { matchHost } from '../core/host.ts'
import { type ClusterObject, toLabels } from './cluster-object.ts'
import { matchRegex } from './match-string.ts'
import type { Part } from './part.ts'
import { around, disguised, isPublic, type Sample, toHosts, toPaths, toSamples } from './sample.ts'

/** What the rules about Envoy Gateway look at: all its objects together, beside the policy. */
export interface GatewayScene {
  readonly file: ConfigFile
  readonly policy: Policy
  readonly objects: readonly ClusterObject[]
  /** `extAuth` of all SecurityPolicies. */
  readonly extAuths: readonly Part[]
  readonly openings: readonly RouteOpening[]
}

/** A rule of an HTTPRoute that passes requests on which no gate has judged. */
export interface RouteOpening {
  readonly route: ClusterObject
  readonly rule: Part
  /** Requests that get through here and that the policy does not call public. */
  readonly strays: readonly Sample[]
}

const GROUP = 'gateway.envoyproxy.io'

export const toGatewayScene = (file: ConfigFile, policy: Policy, objects: readonly ClusterObject[]): GatewayScene => {
  const securities = objects.filter(({ kind, group }) => kind === 'SecurityPolicy' && group === GROUP)
  const extAuths = securities.map(({ spec }) => spec.get('extAuth')).filter(({ isThere }) => isThere)
  const routes = objects.filter(({ kind }) => kind === 'HTTPRoute' || kind === 'GRPCRoute')
  const openings =
    extAuths.length > 0 ? routes.flatMap((route) => findOpenings(policy, objects, securities, route)) : []
  return { file, policy, objects, extAuths, openings }
}

const findOpenings = (
  policy: Policy,
  objects: readonly ClusterObject[],
  securities: readonly ClusterObject[],
  route: ClusterObject,
): readonly RouteOpening[] => {
  const rules = route.spec.get('rules').items()
  return rules.flatMap((rule) => {
    if (rule.get('backendRefs').items().length === 0) return []
    const security = toSecurity(objects, securities, route, rule)
    const extAuth = security?.spec.get('extAuth')
    if (extAuth?.isThere && !isPublicByName(policy, extAuth)) return []
    const matches = toMatches(rule)
    const paths = matches.flatMap((match) => {
      const path = match.get('path', 'value').text ?? '/'
      return match.get('path', 'type').text === 'Exact' ? around(path) : [...around(path), ...disguised(path)]
    })
    const samples = toSamples(toRouteHosts(policy, objects, route), [...paths, ...toPaths(policy)])
    // The most specific match wins in Gateway API: what another rule takes with a longer path is its own.
    const strays = samples.filter((sample) => !isPublic(policy, sample) && pickRule(rules, sample) === rule)
    return [{ route, rule, strays }]
  })
}

/** The context extension `route`, where it names a public route of the policy. */
const isPublicByName = ({ routes }: Policy, extAuth: Part): boolean =>
  routes.byName.get(toRouteName(extAuth)?.text ?? '')?.rule.kind === 'public'

export const toRouteName = (extAuth: Part): Part | undefined =>
  extAuth
    .get('contextExtensions')
    .items()
    .find((extension) => extension.get('name').text === 'route')
    ?.get('value')

/** The SecurityPolicy that counts: of the rule, else of the route, else of the listener, else of the gateway. */
const toSecurity = (
  objects: readonly ClusterObject[],
  securities: readonly ClusterObject[],
  route: ClusterObject,
  rule: Part,
): ClusterObject | undefined => {
  const parents = route.spec.get('parentRefs').items()
  const gateways = parents.map((parent) => ({
    name: parent.get('name').text ?? '',
    namespace: parent.get('namespace').text ?? route.namespace,
    section: parent.get('sectionName').text,
  }))
  const find = (accepts: (target: Target, security: ClusterObject) => boolean): ClusterObject | undefined =>
    securities.find((security) => toTargets(security, objects).some((target) => accepts(target, security)))
  const isRoute = (target: Target, security: ClusterObject): boolean =>
    target.kind === route.kind && target.name === route.name && security.namespace === route.namespace
  const isGateway = (target: Target, security: ClusterObject, gateway: (typeof gateways)[number]): boolean =>
    target.kind === 'Gateway' && target.name === gateway.name && security.namespace === gateway.namespace
  const ofRoute =
    find(
      (target, security) =>
        isRoute(target, security) && target.section !== undefined && target.section === rule.get('name').text,
    ) ?? find((target, security) => isRoute(target, security) && target.section === undefined)
  if (ofRoute) return ofRoute
  const ofGateways = gateways.map(
    (gateway) =>
      find(
        (target, security) =>
          isGateway(target, security, gateway) && target.section !== undefined && target.section === gateway.section,
      ) ?? find((target, security) => isGateway(target, security, gateway) && target.section === undefined),
  )
  // Behind several gateways the one without counts.
  return ofGateways.includes(undefined)
    ? undefined
    : (ofGateways.find((security) => !security?.spec.get('extAuth').isThere) ?? ofGateways[0])
}

interface Target {
  readonly kind: string
  readonly name: string
  readonly section: string | undefined
}

const toTargets = ({ spec, namespace }: ClusterObject, objects: readonly ClusterObject[]): readonly Target[] => [
  ...[...spec.get('targetRefs').items(), spec.get('targetRef')]
    .filter(({ isThere }) => isThere)
    .map((ref) => ({
      kind: ref.get('kind').text ?? '',
      name: ref.get('name').text ?? '',
      section: ref.get('sectionName').text,
    })),
  ...spec
    .get('targetSelectors')
    .items()
    .flatMap((selector) => {
      const labels = toLabels(selector.get('matchLabels'))
      return objects
        .filter((object) => object.kind === selector.get('kind').text && object.namespace === namespace)
        .filter((object) => [...labels].every(([name, value]) => object.labels.get(name) === value))
        .map(({ kind, name }) => ({ kind, name, section: undefined }))
    }),
]

/** The hosts of a route, else of its gateways, else those of the policy; a wildcard is filled in. */
const toRouteHosts = (
  policy: Policy,
  objects: readonly ClusterObject[],
  { spec }: ClusterObject,
): readonly string[] => {
  const own = spec
    .get('hostnames')
    .items()
    .flatMap(({ text }) => text ?? [])
  const names = spec
    .get('parentRefs')
    .items()
    .map((parent) => parent.get('name').text)
  const listeners = objects
    .filter(({ kind, name }) => kind === 'Gateway' && names.includes(name))
    .flatMap((gateway) => gateway.spec.get('listeners').items())
  const given = own.length > 0 ? own : listeners.flatMap((listener) => listener.get('hostname').text ?? [])
  if (given.length === 0) return [...toHosts(policy), 'other.example']
  const known = toHosts(policy).filter((host) => given.some((pattern) => matchHost(pattern, host)))
  return [...new Set([...given.map((host) => host.replace(/^\*/, 'x')), ...known])]
}

/** The rule that takes a request: an exact path first, then the longest prefix, then the method, then the order. */
const pickRule = (rules: readonly Part[], sample: Sample): Part | undefined => {
  const candidates = rules.flatMap((rule) => {
    const matches = toMatches(rule).filter((match) => takes(match, sample))
    return matches.map((match) => ({ rule, rank: toRank(match) }))
  })
  return candidates.toSorted((a, b) => b.rank - a.rank)[0]?.rule
}

/** Without any, a rule takes all paths. */
const toMatches = (rule: Part): readonly Part[] => {
  const matches = rule.get('matches').items()
  return matches.length > 0 ? matches : [rule.get('matches')]
}

const takes = (match: Part, { method, path }: Sample): boolean => {
  const wanted = match.get('path', 'value').text ?? '/'
  const type = match.get('path', 'type').text ?? 'PathPrefix'
  const bare = wanted.replace(/\/$/, '')
  const isPath =
    type === 'Exact'
      ? path === wanted
      : type === 'PathPrefix'
        ? `${path}/`.startsWith(`${bare}/`)
        : matchRegex(wanted, path)
  return isPath && (match.get('method').text ?? method) === method
}

const toRank = (match: Part): number => {
  const length = (match.get('path', 'value').text ?? '/').length
  const exact = match.get('path', 'type').text === 'Exact' ? 1_000_000 : 0
  return exact + length * 10 + (match.get('method').isThere ? 1 : 0)
}
