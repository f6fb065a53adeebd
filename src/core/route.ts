import { type Carrier, isSameCarrier, toHeaderName, toOwnHeaderName } from './carrier.ts'
import { toHost } from './host.ts'
import { memoizeWeak } from './memoize.ts'
import { parsePath } from './path.ts'
import type { Accept } from './ports.ts'
import { isPreflight, isUpgrade, type RequestView } from './request.ts'
import { createRouteIndex } from './route-index.ts'

/** What becomes of the caller's credential on its way upstream. */
export type UpstreamAuthorization =
  | { readonly kind: 'remove' }
  | { readonly kind: 'keep' }
  /** The value of Authorization that takes its place. */
  | { readonly kind: 'replace'; readonly value: string }

/** What a bearer route asks of a request. */
export interface BearerRule {
  readonly kind: 'bearer'
  readonly realm: string
  /** Where a credential may be, and never none. */
  readonly credentials: readonly Carrier[]
  /** What becomes of a request with several: it is refused, or the first of `credentials` counts. */
  readonly several: 'refuse' | 'first'
  /** Other sites that may make a browser send what it keeps, as Origin spells them. */
  readonly origins: readonly string[]
  readonly accept: Accept
  /** All of them are needed. */
  readonly scopes: readonly string[]
  /** Where clients read how to get a token (RFC 9728 §3). */
  readonly resourceMetadata?: string
  readonly authorization: UpstreamAuthorization
}

export type Rule = { readonly kind: 'public' } | { readonly kind: 'deny' } | BearerRule

/** Which requests, and what is asked of them. A field that is left out matches all. */
export interface Route {
  /** For logs and metrics, and for Envoy's context extension `route`. */
  readonly name: string
  readonly hosts?: readonly string[]
  readonly methods?: readonly string[]
  readonly paths?: readonly string[]
  readonly preflight: boolean
  readonly rule: Rule
}

/** All routes, in the order in which they are tried. */
export interface Routes {
  readonly list: readonly Route[]
  readonly byName: ReadonlyMap<string, Route>
}

/** Where all routes together look for credentials. */
export const toCarriers = (routes: readonly Route[]): readonly Carrier[] =>
  routes.flatMap(({ rule }) => (rule.kind === 'bearer' ? rule.credentials : []))

/** The headers that some route takes a credential from. */
export const toCredentialHeaders = (routes: readonly Route[]): readonly string[] => [
  ...new Set(toCarriers(routes).flatMap((carrier) => toHeaderName(carrier) ?? [])),
]

/** Those of them that hold a credential and nothing else. */
export const toOwnCredentialHeaders = (routes: readonly Route[]): readonly string[] => [
  ...new Set(toCarriers(routes).flatMap((carrier) => toOwnHeaderName(carrier) ?? [])),
]

/** The route that decides about a request; undefined when there is none, which is denied. */
export const matchRoute = (routes: Routes, request: RequestView): Route | undefined => {
  // Envoy has matched already: the name is its configuration's, and the rule is applied as it is.
  if (request.routeName !== undefined) return routes.byName.get(request.routeName)
  const host = toHost(request.host)
  if (host === undefined) return undefined
  const path = parsePath(request.path)
  const index = toIndex(routes)
  const isMeant = (route: Route): boolean => matchesMethod(route, request)
  if (path.kind === 'clear') return index.findFirst(host, path.path, isMeant)
  return toStrictest(index.findAll(host).filter((route) => route.rule.kind !== 'public' && isMeant(route)))
}

const toIndex = memoizeWeak(({ list }: Routes) => createRouteIndex(list))

const matchesMethod = (route: Route, request: RequestView): boolean => {
  if (route.preflight && !isPreflight(request)) return false
  if (route.methods && !route.methods.includes(request.method)) return false
  // A public path opens reading, not a tunnel (CVE-2025-64763).
  return !(route.rule.kind === 'public' && (route.paths || route.preflight) && isUpgrade(request))
}

/**
 * Ambiguity costs a credential: one that satisfies every candidate. The first candidate lends its name, its realm and
 * its way with Authorization; a `deny` among them denies.
 */
const toStrictest = (candidates: readonly Route[]): Route | undefined => {
  const [first] = candidates
  const deny = candidates.find(({ rule }) => rule.kind === 'deny')
  if (!first || deny || first.rule.kind !== 'bearer') return deny
  const rules = candidates.flatMap(({ rule }) => (rule.kind === 'bearer' ? [rule] : []))
  const credentials = first.rule.credentials.filter((carrier) =>
    rules.every((rule) => rule.credentials.some((other) => isSameCarrier(carrier, other))),
  )
  if (credentials.length === 0) return { name: first.name, preflight: false, rule: { kind: 'deny' } }
  return {
    name: first.name,
    preflight: false,
    rule: {
      ...first.rule,
      credentials,
      several: rules.every(({ several }) => several === 'first') ? 'first' : 'refuse',
      origins: first.rule.origins.filter((origin) => rules.every(({ origins }) => origins.includes(origin))),
      scopes: [...new Set(rules.flatMap(({ scopes }) => scopes))],
      accept: {
        keys: rules.every(({ accept }) => accept.keys),
        issuers: rules.reduce((common, { accept }) => common.intersection(accept.issuers), first.rule.accept.issuers),
      },
    },
  }
}
