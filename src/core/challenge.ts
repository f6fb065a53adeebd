/** The error codes of RFC 6750 §3.1. */
export type BearerError = 'invalid_request' | 'invalid_token' | 'insufficient_scope'

const DESCRIPTIONS: Record<BearerError, string> = {
  invalid_request: 'Send exactly one credential, as Authorization: Bearer TOKEN',
  invalid_token: 'The API key or access token was not accepted',
  insufficient_scope: 'The API key or access token lacks a scope',
}

/**
 * The value of WWW-Authenticate. Without an error it carries the realm alone, as a request without credential asks for
 * (RFC 6750 §3.1).
 */
export const toChallenge = (realm: string, error?: BearerError, scopes: readonly string[] = []): string => {
  const parameters = [`realm=${quote(realm)}`]
  if (error) parameters.push(`error="${error}"`, `error_description="${DESCRIPTIONS[error]}"`)
  if (scopes.length > 0) parameters.push(`scope=${quote(scopes.join(' '))}`)
  return `Bearer ${parameters.join(', ')}`
}

/** A quoted-string (RFC 9110 §5.6.4). */
const quote = (text: string): string => `"${text.replaceAll(/["\\]/g, '\\$&')}"`
