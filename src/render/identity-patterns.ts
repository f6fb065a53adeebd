import { IDENTITY_FAMILY as FAMILY, type Identity } from '../core/identity.ts'

/**
 * Regular expressions for the identity headers in every spelling that some server takes for them (CVE-2025-64484), by
 * lower-case name. The family `x-auth-request-…` goes as a whole, as services know it from other gates.
 */
export const toIdentityPatterns = (identity: Identity): readonly string[] => [
  ...new Set(
    [...identity.keys()].map((name) => (name.startsWith(FAMILY) ? `${toPattern(FAMILY)}.*` : toPattern(name))),
  ),
]

const toPattern = (name: string): string => name.replaceAll('-', '[^a-z0-9]')
