import type { PatternKind } from './pattern-table.ts'

/** A path that all programs read alike, percent-decoded once, or one that two programs could read differently. */
export type Path = { readonly kind: 'clear'; readonly path: string } | { readonly kind: 'ambiguous' }

const AMBIGUOUS: Path = { kind: 'ambiguous' }

/** Only visible ASCII travels in a request target (RFC 3986 §2); of what is there, `\`, `;` and `#` are read variously. */
const RAW = /[^!-~]|[\\;#]/
/** An escaped slash (CVE-2021-29492), which a proxy keeps and a server may decode. */
const ESCAPED_SLASH = /%2f/i
/** What must not come to light by decoding: delimiters, another escape (CWE-174), control characters. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const DECODED = /[\u0000-\u001f\u007f-\u009f\ufffd\\;#%?]/
/** Empty segments (CVE-2026-26205) and dot segments (CVE-2019-9901). */
const SEGMENTS = /\/\/|\/\.\.?(?:\/|$)/

/** Reads the path of a request target. The query is never part of it (GHSA-7rh7-c77v-6434). */
export const parsePath = (target: string): Path => {
  const query = target.indexOf('?')
  const raw = query < 0 ? target : target.slice(0, query)
  if (!raw.startsWith('/') || RAW.test(raw) || ESCAPED_SLASH.test(raw)) return AMBIGUOUS
  const path = raw.includes('%') ? decode(raw) : raw
  if (path === undefined || DECODED.test(path) || SEGMENTS.test(path)) return AMBIGUOUS
  return { kind: 'clear', path }
}

/** True when the path is the pattern, or is below it where the pattern ends in `/*` (whole segments). */
export const matchPath = (pattern: string, path: string): boolean =>
  pattern.endsWith('/*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern

/** Path patterns, for a table: `matchPath` says the same of one. */
export const PATH_PATTERNS: PatternKind = {
  toSubtree: (pattern) => (pattern.endsWith('/*') ? pattern.slice(0, -1) : undefined),
  cut: (path, length) => (path[length - 1] === '/' ? path.slice(0, length) : undefined),
}

/** Decoded once; undefined for a malformed escape (RFC 3986 §2.1) or invalid UTF-8. */
const decode = (raw: string): string | undefined => {
  try {
    return decodeURIComponent(raw)
  } catch {
    return undefined
  }
}
