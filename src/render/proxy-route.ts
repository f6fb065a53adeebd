import type { Address } from './address.ts'

/** Which paths a proxy's route is for. A prefix ends in a slash; `segments` has whole segments and no slash at its end. */
export type PathMatch =
  | { readonly kind: 'exact'; readonly path: string }
  | { readonly kind: 'below'; readonly prefix: string }
  | { readonly kind: 'segments'; readonly prefix: string }

/**
 * What a proxy does with some requests of a host; of several routes the first that matches counts. `pass` asks nobody,
 * `ask` asks the gate, `nothing` answers 404. A `pass` matches plain paths only.
 */
export interface ProxyRoute {
  readonly action: 'pass' | 'ask' | 'nothing'
  readonly match: PathMatch
  /** All methods, if left out. */
  readonly methods?: readonly string[]
  /** False where a request that asks for an upgrade is not meant. */
  readonly upgrades: boolean
  /** True where the policy asks for no credential, so that none is passed on. */
  readonly isOpen: boolean
  /** The route of the policy that it comes from. */
  readonly routeName?: string
  readonly address?: Address
}

/** True when some request could match both routes. */
export const overlap = (one: ProxyRoute, other: ProxyRoute): boolean =>
  (!one.methods || !other.methods || one.methods.some((method) => other.methods?.includes(method))) &&
  (covers(one.match, other.match) || covers(other.match, one.match))

const covers = (outer: PathMatch, inner: PathMatch): boolean => {
  switch (outer.kind) {
    case 'exact':
      return inner.kind === 'exact' && inner.path === outer.path
    case 'below':
      return toText(inner).startsWith(outer.prefix)
    case 'segments':
      return isWithin(toText(inner), outer.prefix)
  }
}

const toText = (match: PathMatch): string => (match.kind === 'exact' ? match.path : match.prefix)

/** True when a path is a prefix of whole segments, or below it. */
export const isWithin = (path: string, prefix: string): boolean => path === prefix || path.startsWith(`${prefix}/`)
