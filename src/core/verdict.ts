import { type BearerError, toChallenges } from './challenge.ts'
import type { HeaderEdits } from './identity.ts'
import type { Outage, Rejection } from './ports.ts'
import type { Principal } from './principal.ts'
import type { Route } from './route.ts'

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
  /** The values of WWW-Authenticate, one for each scheme. */
  readonly challenges: readonly string[]
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
  | 'several_credentials'
  | 'cross_site'
  | 'insufficient_scope'
  | Rejection

/**
 * A refusal, with a challenge where a credential is what it lacks (RFC 6750 §3). `who` is who was refused: a principal,
 * or the id of a key that is known and not good.
 */
export const refused = (reason: DenialReason, route?: Route, who?: Principal | string): Denied => {
  const { status, error } = REFUSALS[reason as keyof typeof REFUSALS] ?? BAD_CREDENTIAL
  const rule = route?.rule.kind === 'bearer' ? route.rule : undefined
  const challenges = rule && (status === 401 || error) ? toChallenges(rule, error) : []
  return {
    kind: 'denied',
    // RFC 9110 §15.5.2: a 401 names a way to log in; where there is none, as for a certificate, it is a 403.
    status: status === 401 && challenges.length === 0 ? 403 : status,
    reason,
    ...(route && { route: route.name }),
    ...(error && { error }),
    challenges,
    ...(typeof who === 'string' ? { keyId: who } : who && { principal: who }),
  }
}

interface Refusal {
  readonly status: Denied['status']
  readonly error?: BearerError
}

/** Every reason why a credential is bad looks the same to the client. */
const BAD_CREDENTIAL: Refusal = { status: 401, error: 'invalid_token' }

const REFUSALS: Record<Exclude<DenialReason, Rejection>, Refusal> = {
  malformed_request: { status: 403 },
  no_route: { status: 403 },
  denied_route: { status: 403 },
  // RFC 6750 §3.1: no error code where there was no credential.
  missing_credential: { status: 401 },
  malformed_credential: { status: 400, error: 'invalid_request' },
  several_credentials: { status: 400, error: 'invalid_request' },
  cross_site: { status: 403 },
  insufficient_scope: { status: 403, error: 'insufficient_scope' },
}

/** An outage. `route` is left out where no route was reached. */
export const failed = (reason: Outage, route?: Route): Failed => ({
  kind: 'error',
  status: 503,
  reason,
  ...(route && { route: route.name }),
})
