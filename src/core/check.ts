import { extractCredential } from './credential.ts'
import { type Identity, toIdentityHeaders } from './identity.ts'
import type { Verify } from './ports.ts'
import { hasScopes, type Principal } from './principal.ts'
import type { RequestView } from './request.ts'
import { matchRoute, type Route, type Routes, type UpstreamAuthorization } from './route.ts'
import { challenged, failed, forbidden, type Ok, type Verdict } from './verdict.ts'

/** All that the decision rests on beside the request. */
export interface Policy {
  readonly routes: Routes
  readonly identity: Identity
}

/** Decides about a request. */
export type Check = (request: RequestView) => Promise<Verdict>

/** Makes the decision: guards in order, closed by default. The one place where it waits is `verify`. */
export const createCheck =
  (policy: Policy, verify: Verify): Check =>
  async (request) => {
    const route = matchRoute(policy.routes, request)
    if (!route) return forbidden('no_route')
    const { rule } = route
    if (rule.kind === 'deny') return forbidden('denied_route', route)
    if (rule.kind === 'public') return ok(policy, request, route)

    const extraction = extractCredential(request.headers.get('authorization'))
    if (extraction.kind === 'missing') return challenged(401, 'missing_credential', route, rule)
    if (extraction.kind === 'malformed') {
      return challenged(400, 'malformed_credential', route, rule, 'invalid_request')
    }

    const verification = await verify({ token: extraction.token, accept: rule.accept, deadline: request.deadline })
    if (verification.kind === 'unavailable') return failed(verification.reason, route)
    if (verification.kind === 'rejected') {
      const { reason, keyId } = verification
      return challenged(401, reason, route, rule, 'invalid_token', keyId === undefined ? {} : { keyId })
    }

    const { principal } = verification
    if (!hasScopes(principal, rule.scopes)) {
      return challenged(403, 'insufficient_scope', route, rule, 'insufficient_scope', { principal })
    }
    return ok(policy, request, route, principal, rule.authorization)
  }

/** The only way through. It leaves no identity header of the client's in the request. */
const ok = (
  policy: Policy,
  request: RequestView,
  route: Route,
  principal?: Principal,
  authorization: UpstreamAuthorization = { kind: 'keep' },
): Ok => {
  const { set, remove } = toIdentityHeaders(policy.identity, request.headers, principal)
  return {
    kind: 'ok',
    reason: principal ? 'verified' : 'public',
    route: route.name,
    ...(principal && { principal }),
    headers: {
      set: authorization.kind === 'replace' ? [...set, ['authorization', authorization.value]] : set,
      remove: authorization.kind === 'remove' ? [...remove, 'authorization'] : remove,
    },
  }
}
