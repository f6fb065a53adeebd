import type { Principal } from './principal.ts'
import type { RequestView } from './request.ts'

/** Whose credentials a route takes. */
export interface Accept {
  readonly keys: boolean
  /** Issuers, each exactly as its `iss` claim spells it. */
  readonly issuers: ReadonlySet<string>
}

/** What a client shows, wherever in the request it stood. */
export type Credential = BearerCredential | BasicCredential | CertificateCredential

/** An API key or an access token. */
export interface BearerCredential {
  readonly kind: 'bearer'
  readonly token: string
}

/** A user name and a password of that file. */
export interface BasicCredential {
  readonly kind: 'basic'
  readonly user: string
  readonly password: string
  readonly htpasswdFile: string
}

/** A client certificate that the proxy has verified, by the name in it. */
export interface CertificateCredential {
  readonly kind: 'certificate'
  readonly name: string
}

/** What a credential is asked about: the host as the client sent it, and how long whoever asked waits. */
export type Asked = Pick<RequestView, 'host' | 'deadline'>

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
  | 'inactive_token'
  | 'unknown_user'
  | 'wrong_password'

/** Why a credential cannot be judged. */
export type Outage =
  | 'keys_unavailable'
  | 'jwk_set_unavailable'
  | 'signatures_unavailable'
  | 'introspection_unavailable'
  | 'token_review_unavailable'
  | 'passwords_unavailable'
  | 'internal_fault'

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

/** Judges a credential by what a route accepts. It never throws for what a client sent. */
export type Verify = (credential: Credential, accept: Accept, asked: Asked) => Verification | Promise<Verification>
