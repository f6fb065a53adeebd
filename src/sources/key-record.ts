/** What is known of one secret: never the secret, only its digest. */
export interface KeyRecord {
  /** Names the key to people and to the upstream. After a rotation two secrets have one id. */
  readonly id: string
  /** SHA-256 of the secret, lower-case hexadecimal. */
  readonly digest: string
  readonly scopes: readonly string[]
  /** From when on the secret is good, and from when on it is refused, in milliseconds since the epoch. */
  readonly notBefore?: number
  readonly expires?: number
  readonly disabled: boolean
  /** The only hosts that the key is good for: lower-case names, or `*.example.com`. */
  readonly hosts?: readonly string[]
  readonly claims?: ReadonlyMap<string, unknown>
}
