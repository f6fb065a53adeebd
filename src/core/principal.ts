/** Who is behind a verified credential. `subject` is safe as a header value. */
export type Principal = KeyPrincipal | TokenPrincipal | UserPrincipal | CertificatePrincipal

interface Named {
  readonly subject: string
  readonly scopes: readonly string[]
  /** Claims as the issuer made them: any JSON value. */
  readonly claims: ReadonlyMap<string, unknown>
}

export interface KeyPrincipal extends Named {
  readonly kind: 'key'
  readonly keyId: string
}

export interface TokenPrincipal extends Named {
  readonly kind: 'token'
  readonly issuer: string
}

/** Somebody who knows a password; `subject` is the user name. */
export interface UserPrincipal extends Named {
  readonly kind: 'user'
}

/** The owner of a client certificate; `subject` is the SPIFFE id or another name in it. */
export interface CertificatePrincipal extends Named {
  readonly kind: 'certificate'
}

/** True when the principal has every scope of the list (RFC 6750 §3). */
export const hasScopes = ({ scopes }: Principal, needed: readonly string[]): boolean =>
  needed.every((scope) => scopes.includes(scope))
