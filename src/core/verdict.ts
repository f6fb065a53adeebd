import { type BearerError, toChallenge } from './challenge.ts'
import type { HeaderEdits } from './identity.ts'
import type { Outage, Rejection } from './ports.ts'
import type { Principal } from './principal.ts'
import type { BearerRule, Route } from './route.ts'

/** The answer to one request. Only `ok` lets it through. */
export type Verdict = Ok | Denied | Failed

export interface Ok {
  readonly kind: 'ok'
  readonly reason: 'public' | 'verified'
  readonly route: string
  readonly principal?: Principal
  readonly headers: HeaderEdits
}

/** The request is refused, and the same request would be refused again. */
export interface Denied {
  readonly kind: 'denied'
  readonly status: 400 | 401 | 403
  readonly reason: DenialReason
  readonly route?: string
  readonly error?: BearerError
  /** The value of WWW-Authenticate. */
  readonly challenge?: string
  /** Who was refused, where that is known. */
  readonly principal?: Principal
  /** The id of a key that is known and not good: for the log. */
  readonly keyId?: string
}

/** The request cannot be judged now. An outage is not a denial: the client should try again. */
export interface Failed {
  readonly kind: 'error'
  readonly status: 503
  readonly reason: Outage
  readonly route?: string
}

export type DenialReason =
  | 'malformed_request'
  | 'no_route'
  | 'denied_route'
  | 'missing_credential'
  | 'malformed_credential'
  | 'insufficient_scope'
  | Rejection

/** RFC 9110 §15.5.4: understood and refused; no credential would help. */
export const forbidden = (reason: 'no_route' | 'denied_route', route?: Route): Denied => ({
  kind: 'denied',
  status: 403,
  reason,
  ...(route && { route: route.name }),
})

/** RFC 6750 §3: refused with a challenge. */
export const challenged = (
  status: 400 | 401 | 403,
  reason: DenialReason,
  route: Route,
  rule: BearerRule,
  error?: BearerError,
  who: Pick<Denied, 'principal' | 'keyId'> = {},
): Denied => ({
  kind: 'denied',
  status,
  reason,
  route: route.name,
  ...(error && { error }),
  challenge: toChallenge(rule.realm, error, error === 'insufficient_scope' ? rule.scopes : []),
  ...who,
})

/** What cannot be judged. `route` is left out where no route was reached. */
export const failed = (reason: Outage, route?: Route): Failed => ({
  kind: 'error',
  status: 503,
  reason,
  ...(route && { route: route.name }),
})

/** A request that is none: Envoy sent no HTTP attributes. */
export const MALFORMED_REQUEST: Denied = { kind: 'denied', status: 403, reason: 'malformed_request' }
