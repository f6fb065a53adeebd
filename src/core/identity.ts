import { toHeaderValue } from './header-value.ts'
import type { Principal } from './principal.ts'

/** Where one identity header takes its value from. */
export type IdentitySource =
  | { readonly kind: 'subject' | 'issuer' | 'scopes' | 'keyId' }
  | { readonly kind: 'claim'; readonly claim: string }

/** The headers that tell the upstream who called, by lower-case name. */
export type Identity = ReadonlyMap<string, IdentitySource>

/** Changes to the request on its way upstream. A name is set or removed, never both. */
export interface HeaderEdits {
  readonly set: readonly (readonly [name: string, value: string])[]
  readonly remove: readonly string[]
}

export const NO_EDITS: HeaderEdits = { set: [], remove: [] }

/** All of them together. No two may name the same header. */
export const joinEdits = (one: HeaderEdits, other: HeaderEdits): HeaderEdits => ({
  set: one.set.concat(other.set),
  remove: one.remove.concat(other.remove),
})

/**
 * Sets each identity header that the principal has a value for and removes all others, on public routes too
 * (CVE-2026-86863).
 */
export const toIdentityHeaders = (identity: Identity, principal?: Principal): HeaderEdits => {
  const set: [string, string][] = []
  const remove: string[] = []
  for (const [name, source] of identity) {
    const value = principal && toHeaderValue(toValue(source, principal))
    if (value === undefined) remove.push(name)
    else set.push([name, value])
  }
  return { set, remove }
}

/** Services know its names from other gates, so where one of them is an identity header, they believe the others, too. */
export const IDENTITY_FAMILY = 'x-auth-request-'

/**
 * Finds the headers that a server could take for an identity header. `reads` are names that most requests have.
 * CVE-2025-64484, CVE-2026-39858: CGI, WSGI and PHP take `x_user` and `x.user` for `x-user`, and some servers every other
 * character that is no letter or digit, `x+user` among them.
 */
export const createFindAliases = (
  identity: Identity,
  reads: ReadonlySet<string>,
): ((headers: ReadonlyMap<string, string>) => readonly string[]) => {
  const hasFamily = identity.keys().some((name) => name.startsWith(IDENTITY_FAMILY))
  const isAlias = (name: string): boolean => {
    const plain = name.replaceAll(/[^a-z0-9]/g, '-')
    const isBelieved = identity.has(plain) || (hasFamily && plain.startsWith(IDENTITY_FAMILY))
    return isBelieved && !identity.has(name)
  }
  // They are judged once, not in every request.
  const harmless = new Set([...reads].filter((name) => !isAlias(name)))
  return (headers) => {
    const aliases: string[] = []
    for (const name of headers.keys()) if (!harmless.has(name) && isAlias(name)) aliases.push(name)
    return aliases
  }
}

const toValue = (source: IdentitySource, principal: Principal): unknown => {
  switch (source.kind) {
    case 'subject':
      return principal.subject
    case 'scopes':
      return principal.scopes.length > 0 ? principal.scopes.join(' ') : undefined
    case 'issuer':
      return principal.kind === 'token' ? principal.issuer : undefined
    case 'keyId':
      return principal.kind === 'key' ? principal.keyId : undefined
    case 'claim':
      return principal.claims.get(source.claim)
  }
}
