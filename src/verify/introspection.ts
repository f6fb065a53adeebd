import type { IntrospectionConfig } from '../config/introspection-schema.ts'
import { type Authority, type AuthorityOptions, createAuthority } from './authority.ts'
import { createClientProof } from './client-authentication.ts'
import { fetchText } from './fetch-text.ts'
import { type Judged, judgeIntrospection } from './judge-introspection.ts'
import { own } from './jws.ts'

/** An authorization server that is asked about its tokens (RFC 7662). `secret` proves who asks. */
export const createIntrospection = (
  config: IntrospectionConfig,
  secret: string,
  options: Pick<AuthorityOptions, 'max' | 'now' | 'elapsed' | 'observer'>,
): Authority => {
  const { issuer, endpoint, jwts, timeout } = config
  const prove = createClientProof(config, secret, options.now)

  const question = async (token: string): Promise<Judged> => {
    try {
      const { headers, parameters } = await prove()
      const body = new URLSearchParams({ token, token_type_hint: 'access_token', ...parameters })
      // RFC 9701 §5: a signed answer is another media type. It is not asked for, and not read.
      const text = await fetchText(endpoint, { body, headers, timeout, mediaType: 'application/json' })
      return judgeIntrospection(text, config, options.now())
    } catch (error) {
      return { kind: 'failed', problem: error instanceof Error ? error.message : String(error) }
    }
  }
  return createAuthority({
    ...options,
    ...config,
    outage: 'introspection_unavailable',
    mayKnow: (jws) => jws.kind === 'opaque' || (jwts && jws.kind === 'jws' && own(jws.claims, 'iss') === issuer),
    question,
  })
}
