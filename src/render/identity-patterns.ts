import type { Policy } from '../core/check.ts'
import { IDENTITY_FAMILY as FAMILY } from '../core/identity.ts'

/**
 * Regular expressions for the identity headers in every spelling that some server takes for them (CVE-2025-64484), by
 * lower-case name. The family `x-auth-request-…` goes as a whole, as services know it from other gates, unless a
 * credential is read from a header of that family.
 */
export const toIdentityPatterns = ({ identity, reads }: Policy): readonly string[] => {
  const isWhole = ![...reads].some((name) => name.startsWith(FAMILY))
  const patterns = [...identity.keys()].map((name) =>
    isWhole && name.startsWith(FAMILY) ? `${toPattern(FAMILY)}.*` : toPattern(name),
  )
  return [...new Set(patterns)]
}

const toPattern = (name: string): string => name.replaceAll('-', '[^a-z0-9]')
