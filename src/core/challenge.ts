import type { Carrier } from './carrier.ts'

/** The error codes of RFC 6750 §3.1. */
export type BearerError = 'invalid_request' | 'invalid_token' | 'insufficient_scope'

const DESCRIPTIONS: Record<BearerError, string> = {
  invalid_request: 'Send exactly one credential, once',
  invalid_token: 'The API key or access token was not accepted',
  insufficient_scope: 'The API key or access token lacks a scope',
}

/** What a challenge tells of a route. */
export interface Challenged {
  readonly credentials: readonly Carrier[]
  readonly realm: string
  readonly scopes: readonly string[]
  readonly resourceMetadata?: string
}

/**
 * The values of WWW-Authenticate, one for each scheme that would help (RFC 9110 §11.6.1). A key or token in a place that
 * has no scheme is a bearer's all the same; for a certificate there is none.
 */
export const toChallenges = (rule: Challenged, error?: BearerError): readonly string[] => {
  const { credentials } = rule
  const bearer = (): string => toBearer(rule, error)
  const challenges = credentials.flatMap((carrier) => {
    if (carrier.kind === 'bearer') return [bearer()]
    // RFC 7617 §2.1. To log in again mends no malformed request and no missing scope.
    const helps = error === undefined || error === 'invalid_token'
    return carrier.kind === 'basic' && helps ? [`Basic realm=${quote(carrier.realm)}, charset="UTF-8"`] : []
  })
  const isScheme = ({ kind }: Carrier): boolean => kind === 'bearer' || kind === 'basic' || kind === 'clientCertificate'
  return challenges.length === 0 && !credentials.every(isScheme) ? [bearer()] : challenges
}

/** Without an error it carries the realm alone, as a request without credential asks for (RFC 6750 §3.1). */
const toBearer = ({ realm, scopes, resourceMetadata }: Challenged, error: BearerError | undefined): string => {
  const parameters = [`realm=${quote(realm)}`]
  if (error) parameters.push(`error="${error}"`, `error_description="${DESCRIPTIONS[error]}"`)
  if (error === 'insufficient_scope' && scopes.length > 0) parameters.push(`scope=${quote(scopes.join(' '))}`)
  // RFC 9728 §5.1: how a client that knows nothing yet finds who gives tokens for this.
  if (resourceMetadata !== undefined) parameters.push(`resource_metadata=${quote(resourceMetadata)}`)
  return `Bearer ${parameters.join(', ')}`
}

/** A quoted-string (RFC 9110 §5.6.4). */
const quote = (text: string): string => `"${text.replaceAll(/["\\]/g, '\\$&')}"`
