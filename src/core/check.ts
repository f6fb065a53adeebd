import { extractCredential } from './credential.ts'
import { isCrossSite } from './cross-site.ts'
import {
  createFindAliases,
  type HeaderEdits,
  type Identity,
  joinEdits,
  NO_EDITS,
  toIdentityHeaders,
} from './identity.ts'
import { memoizeRecent, memoizeWeak } from './memoize.ts'
import type { Verify } from './ports.ts'
import { hasScopes, type Principal } from './principal.ts'
import type { RequestView } from './request.ts'
import { matchRoute, type Route, type Routes } from './route.ts'
import { createStripShared, stripWhole } from './strip-carriers.ts'
import { failed, type Ok, refused, type Verdict } from './verdict.ts'

/** All that the decision rests on beside the request. */
export interface Policy {
  readonly routes: Routes
  readonly identity: Identity
  /** The headers that a listener must show, by lower-case name, beside those that could pass for an identity header. */
  readonly reads: ReadonlySet<string>
}

/** Decides about a request. */
export type Check = (request: RequestView) => Promise<Verdict>

/** Makes the decision: guards in order, closed by default. The one place where it waits is `verify`. */
export const createCheck = (policy: Policy, verify: Verify): Check => {
  const ok = createOk(policy)
  return async (request) => {
    const route = matchRoute(policy.routes, request)
    if (!route) return refused('no_route')
    const { rule } = route
    if (rule.kind === 'deny') return refused('denied_route', route)
    if (rule.kind === 'public') return ok(request, route)

    const extraction = extractCredential(request, rule)
    if (extraction.kind === 'missing') return refused('missing_credential', route)
    if (extraction.kind === 'malformed') return refused('malformed_credential', route)
    if (extraction.kind === 'several') return refused('several_credentials', route)

    const { credential, carrier } = extraction
    if (isCrossSite(request, carrier, rule.origins)) return refused('cross_site', route)

    const verification = await verify(credential, rule.accept, request)
    if (verification.kind === 'unavailable') return failed(verification.reason, route)
    if (verification.kind === 'rejected') return refused(verification.reason, route, verification.keyId)

    const { principal } = verification
    if (!hasScopes(principal, rule.scopes)) return refused('insufficient_scope', route, principal)
    return ok(request, route, principal)
  }
}

/**
 * The only way through. It leaves no identity header of the client's in the request. One principal on one route always
 * gets the same object, so that a listener need write its answer only once.
 */
const createOk = ({ identity, reads }: Policy): ((request: RequestView, route: Route, principal?: Principal) => Ok) => {
  const findAliases = createFindAliases(identity, reads)
  const toOks = memoizeWeak((route: Route) => {
    const stripped = stripWhole(route.rule)
    return {
      verified: memoizeRecent((principal: Principal) => toOk(identity, route, stripped, principal)),
      anonymous: toOk(identity, route, stripped),
      stripShared: createStripShared(route.rule),
    }
  })
  return (request, route, principal) => {
    const { verified, anonymous, stripShared } = toOks(route)
    const ok = principal ? verified(principal) : anonymous
    const aliases = findAliases(request.headers)
    const shared = stripShared(request)
    if (aliases.length === 0 && shared === NO_EDITS) return ok
    return { ...ok, headers: joinEdits(joinEdits(ok.headers, shared), { set: [], remove: aliases }) }
  }
}

const toOk = (identity: Identity, { name }: Route, stripped: HeaderEdits, principal?: Principal): Ok => ({
  kind: 'ok',
  reason: principal ? 'verified' : 'public',
  route: name,
  ...(principal && { principal }),
  headers: joinEdits(toIdentityHeaders(identity, principal), stripped),
})
