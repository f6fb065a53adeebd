import type { Policy } from '../core/check.ts'
import { toCredentialHeaders } from '../core/route.ts'
import type { Level } from './rule.ts'

/** A header that the gate needs and is not shown. */
export interface Unseen {
  readonly level: Level
  readonly what: string
}

/**
 * Headers that this policy reads and that the proxy does not show the gate. `isStripped`: the proxy takes a header out
 * of every request itself.
 */
export const findUnseen = (
  { routes, identity, reads }: Policy,
  isShown: (name: string) => boolean,
  isStripped: (name: string) => boolean,
): readonly Unseen[] => {
  const hasPreflights = routes.list.some(({ preflight }) => preflight)
  const hasPublicPaths = routes.list.some(
    ({ rule, paths, preflight }) => rule.kind === 'public' && (paths || preflight),
  )
  const aliases = [...identity.keys()].map((name) => name.replaceAll('-', '.')).filter((name) => !isStripped(name))
  const needs: readonly (readonly [needed: boolean, level: Level, names: readonly string[], what: string])[] = [
    [true, 'error', toCredentialHeaders(routes.list), 'a credential in it is not seen'],
    [
      reads.has('sec-fetch-site'),
      'error',
      ['sec-fetch-site', 'origin'],
      'what another site made a browser send is not told apart',
    ],
    [hasPublicPaths, 'error', ['upgrade'], 'a websocket on a public path looks like a plain GET and is let through'],
    [hasPreflights, 'warning', ['origin', 'access-control-request-method'], 'no request counts as a preflight'],
    [true, 'warning', aliases, 'the gate cannot remove this spelling of an identity header'],
    [true, 'note', ['content-type'], 'gRPC callers get the body of a refusal as a page'],
    [true, 'note', ['x-request-id'], 'the log of the gate cannot be joined with that of Envoy'],
  ]
  return needs.flatMap(([isNeeded, level, names, what]) =>
    names.filter((name) => isNeeded && !isShown(name)).map((name) => ({ level, what: `${name}: ${what}` })),
  )
}
