import type { PatternKind } from './pattern-table.ts'

const NAME = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/
const IPV6 = /^\[[0-9a-f:.]+\]$/

/**
 * The authority without port, case and final dot (RFC 3986 §3.2.2; CVE-2021-39155), or undefined when it is no
 * single host: empty, two joined by a comma, or with user information.
 */
export const toHost = (authority: string): string | undefined => {
  const host = authority.replace(/:\d*$/, '').replace(/\.$/, '').toLowerCase()
  return NAME.test(host) || IPV6.test(host) ? host : undefined
}

/** True when the host is the pattern, or is below it by one or more labels where the pattern starts with `*.`. */
export const matchHost = (pattern: string, host: string): boolean =>
  pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) && host.length >= pattern.length : host === pattern

/** Host patterns, for a table: `matchHost` says the same of one. */
export const HOST_PATTERNS: PatternKind = {
  toSubtree: (pattern) => (pattern.startsWith('*.') ? pattern.slice(1) : undefined),
  cut: (host, length) => (host.at(-length) === '.' ? host.slice(-length) : undefined),
}
