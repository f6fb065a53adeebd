import type { Carrier } from './carrier.ts'
import { isUpgrade, type RequestView } from './request.ts'

/** RFC 9110 §9.2.1. A websocket starts as GET and can do anything. */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])

/**
 * True when another site may have made a browser send this credential (CWE-352). Cookies, passwords and certificates go
 * along by themselves. A cookie needs a browser's word that it is not so; where no browser speaks, a password or a
 * certificate is a program's. `origins` are other sites that may.
 */
export const isCrossSite = (request: RequestView, { kind }: Carrier, origins: readonly string[]): boolean => {
  if (kind !== 'cookie' && kind !== 'basic' && kind !== 'clientCertificate') return false
  if (SAFE.has(request.method) && !isUpgrade(request)) return false
  const origin = request.headers.get('origin')
  const site = request.headers.get('sec-fetch-site')
  if (origin !== undefined && origins.includes(origin)) return false
  // Fetch Metadata §2.4: only a browser can set it. `none` is the user's own doing.
  if (site !== undefined) return site !== 'same-origin' && site !== 'none'
  if (origin !== undefined) return !isSameOrigin(origin, request.host)
  return kind === 'cookie'
}

/** RFC 6454 §4, as far as it can be told: behind a proxy the scheme of our own origin is hearsay. `null` is nobody's. */
const isSameOrigin = (origin: string, host: string): boolean => {
  const [, scheme, authority] = /^(https?):\/\/([^/?#@\s]+)$/.exec(origin) ?? []
  if (scheme === undefined || authority === undefined) return false
  const port = scheme === 'https' ? /:443$/ : /:80$/
  const toName = (text: string): string => text.replace(port, '').toLowerCase()
  return toName(authority) === toName(host)
}
