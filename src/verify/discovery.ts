import { isTrustedUrl } from '../config/trusted-url.ts'
import { fetchText } from './fetch-text.ts'

/**
 * Finds where an issuer's JWK Set is: OpenID Connect Discovery 1.0 §4 first, then RFC 8414 §3. Throws when neither
 * document is there, names another issuer, or names no URL that can be trusted.
 */
export const discoverJwksUri = async (issuer: string): Promise<string> => {
  const failures: string[] = []
  for (const url of toMetadataUrls(issuer)) {
    try {
      return toJwksUri(issuer, await fetchText(url))
    } catch (error) {
      failures.push(`${url}: ${error instanceof Error ? error.message : error}`)
    }
  }
  throw new Error(`no metadata of the issuer: ${failures.join('; ')}`)
}

const toMetadataUrls = (issuer: string): readonly string[] => {
  const { origin, pathname } = new URL(issuer)
  const path = pathname.replace(/\/$/, '')
  return [
    `${origin}${path}/.well-known/openid-configuration`,
    // RFC 8414 §3.1: the well-known part stands before the issuer's path.
    `${origin}/.well-known/oauth-authorization-server${path}`,
  ]
}

const toJwksUri = (issuer: string, text: string): string => {
  const metadata: unknown = JSON.parse(text)
  if (typeof metadata !== 'object' || metadata === null) throw new Error('it is no JSON object')
  const { issuer: named, jwks_uri: uri } = metadata as { readonly issuer?: unknown; readonly jwks_uri?: unknown }
  // RFC 8414 §3.3: the document must name the very issuer that was asked.
  if (named !== issuer) throw new Error('it names another issuer')
  // An issuer elsewhere has no business with our own loopback.
  const isOurs = new URL(issuer).protocol === 'http:'
  if (typeof uri !== 'string' || !isTrustedUrl(uri) || !(isOurs || uri.startsWith('https:'))) {
    throw new Error('its jwks_uri is no https URL')
  }
  return uri
}
