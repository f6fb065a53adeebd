/** Who is behind a verified credential. `subject` is safe as a header value. */
export type Principal = KeyPrincipal | TokenPrincipal

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

/** True when the principal has every scope of the list (RFC 6750 §3). */
export const hasScopes = ({ scopes }: Principal, needed: readonly string[]): boolean =>
  needed.every((scope) => scopes.includes(scope))
