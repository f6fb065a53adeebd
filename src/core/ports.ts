import type { Principal } from './principal.ts'

/** Whose credentials a route takes. */
export interface Accept {
  readonly keys: boolean
  /** Issuers, each exactly as its `iss` claim spells it. */
  readonly issuers: ReadonlySet<string>
}

/** What a client shows, and what it must be checked against. */
export interface Credential {
  readonly token: string
  readonly accept: Accept
  /** The host that was asked for, as `toHost` gives it. */
  readonly host?: string | undefined
  /** When whoever asked stops waiting, in milliseconds since the epoch. */
  readonly deadline?: number | undefined
}

/** Why a credential is bad. For logs, metrics and Envoy's access log, never for the client: no oracle. */
export type Rejection =
  | 'unknown_key'
  | 'mistyped_key'
  | 'expired_key'
  | 'disabled_key'
  | 'premature_key'
  | 'wrong_host'
  | 'key_not_accepted'
  | 'issuer_not_accepted'
  | 'malformed_token'
  | 'expired_token'
  | 'premature_token'
  | 'algorithm_not_allowed'
  | 'type_not_allowed'
  | 'unknown_signing_key'
  | 'bad_signature'
  | 'wrong_audience'
  | 'claim_refused'
  | 'sender_constrained'

/** Why a credential cannot be judged. */
export type Outage = 'keys_unavailable' | 'jwk_set_unavailable' | 'internal_fault'

export type Verification =
  | Verified
  | { readonly kind: 'rejected'; readonly reason: Rejection; readonly keyId?: string }
  | { readonly kind: 'unavailable'; readonly reason: Outage }

export interface Verified {
  readonly kind: 'verified'
  readonly principal: Principal
  /** Until when the credential is good, in milliseconds since the epoch. */
  readonly expiresAt?: number
}

/** Judges a credential. It never throws for what a client sent. */
export type Verify = (credential: Credential) => Verification | Promise<Verification>
