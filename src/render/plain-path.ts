/**
 * One segment in characters that nothing escapes, decodes or gives a meaning to, and no dot segment (RFC 3986 §2.3, §3.3):
 * Envoy, the gate and any service read such a path alike, whether Envoy normalises it or not.
 */
const SEGMENT = '\\.?[A-Za-z0-9_~-][A-Za-z0-9._~-]*'

/** The plain paths that start with a prefix, which ends in a slash: RE2, for the whole path. */
export const toPlainPathsBelow = (prefix: string): string => `${escapeRegex(prefix)}(?:${SEGMENT}(?:/${SEGMENT})*/?)?`

/** The plain paths that are a prefix of whole segments, or below it: RE2, for the whole path. */
export const toPlainPathsWithin = (prefix: string): string =>
  prefix === '' ? toPlainPathsBelow('/') : `${escapeRegex(prefix)}(?:/${SEGMENT})*/?`

/** True for a path that is one of the plain ones. */
export const isPlainPath = (path: string): boolean => PLAIN_PATH.test(path)

const escapeRegex = (text: string): string => text.replaceAll('.', '\\.')

const PLAIN_PATH = new RegExp(`^${toPlainPathsBelow('/')}$`)
