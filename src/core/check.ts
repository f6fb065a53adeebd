import { extractCredential } from './credential.ts'
import { toHost } from './host.ts'
import { findAliases, type Identity, toIdentityHeaders } from './identity.ts'
import { memoizeWeak } from './memoize.ts'
import type { Verify } from './ports.ts'
import { hasScopes, type Principal } from './principal.ts'
import type { RequestView } from './request.ts'
import { matchRoute, type Route, type Routes } from './route.ts'
import { failed, type Ok, refused, type Verdict } from './verdict.ts'

/** All that the decision rests on beside the request. */
export interface Policy {
  readonly routes: Routes
  readonly identity: Identity
}

/** Decides about a request. */
export type Check = (request: RequestView) => Promise<Verdict>

/** Makes the decision: guards in order, closed by default. The one place where it waits is `verify`. */
export const createCheck = (policy: Policy, verify: Verify): Check => {
  const ok = createOk(policy.identity)
  return async (request) => {
    const route = matchRoute(policy.routes, request)
    if (!route) return refused('no_route')
    const { rule } = route
    if (rule.kind === 'deny') return refused('denied_route', route)
    if (rule.kind === 'public') return ok(request, route)

    const extraction = extractCredential(request.headers.get('authorization'))
    if (extraction.kind === 'missing') return refused('missing_credential', route)
    if (extraction.kind === 'malformed') return refused('malformed_credential', route)

    const { token } = extraction
    const verification = await verify({
      token,
      accept: rule.accept,
      host: toHost(request.host),
      deadline: request.deadline,
    })
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
const createOk = (identity: Identity): ((request: RequestView, route: Route, principal?: Principal) => Ok) => {
  const verified = memoizeWeak((route: Route) =>
    memoizeWeak((principal: Principal) => toOk(identity, route, principal)),
  )
  const anonymous = memoizeWeak((route: Route) => toOk(identity, route))
  return (request, route, principal) => {
    const ok = principal ? verified(route)(principal) : anonymous(route)
    const aliases = findAliases(identity, request.headers)
    if (aliases.length === 0) return ok
    return { ...ok, headers: { ...ok.headers, remove: [...ok.headers.remove, ...aliases] } }
  }
}

const toOk = (identity: Identity, { name, rule }: Route, principal?: Principal): Ok => {
  const { set, remove } = toIdentityHeaders(identity, principal)
  const authorization = rule.kind === 'bearer' ? rule.authorization : KEEP
  return {
    kind: 'ok',
    reason: principal ? 'verified' : 'public',
    route: name,
    ...(principal && { principal }),
    headers: {
      set: authorization.kind === 'replace' ? [...set, ['authorization', authorization.value]] : set,
      remove: authorization.kind === 'remove' ? [...remove, 'authorization'] : remove,
    },
  }
}

/** A public route passes the caller's Authorization on. */
const KEEP = { kind: 'keep' } as const
