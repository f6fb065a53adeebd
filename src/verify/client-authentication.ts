import type { JWK } from 'jose'
import type { IntrospectionConfig } from '../config/introspection-schema.ts'

/** What proves to an authorization server which client asks. */
export interface ClientProof {
  readonly headers: Readonly<Record<string, string>>
  readonly parameters: Readonly<Record<string, string>>
}

/** How long a signed proof is good, in seconds. */
const ASSERTION_SECONDS = 60

/** Proves who we are, anew for each question. `secret` is the content of the secret's or the key's file. */
export const createClientProof = (
  config: IntrospectionConfig,
  secret: string,
  now: () => number,
): (() => Promise<ClientProof>) => {
  const { clientId, clientKeyFile, clientAuthentication, issuer } = config
  if (clientKeyFile !== undefined) {
    const jwk = JSON.parse(secret) as JWK & { readonly alg: string }
    // RFC 7523 §3: issuer and subject are the client, the audience is the server, and each proof is used once.
    return async () => {
      // Loaded when it is needed: most gates sign nothing.
      const { importJWK, SignJWT } = await import('jose')
      const seconds = Math.floor(now() / 1000)
      const assertion = await new SignJWT({ jti: crypto.randomUUID() })
        .setProtectedHeader({ alg: jwk.alg, ...(jwk.kid !== undefined && { kid: jwk.kid }) })
        .setIssuer(clientId)
        .setSubject(clientId)
        .setAudience(issuer)
        .setIssuedAt(seconds)
        .setExpirationTime(seconds + ASSERTION_SECONDS)
        .sign(await importJWK(jwk))
      const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
      return {
        headers: {},
        parameters: { client_id: clientId, client_assertion_type: type, client_assertion: assertion },
      }
    }
  }
  const proof: ClientProof =
    clientAuthentication === 'client_secret_post'
      ? { headers: {}, parameters: { client_id: clientId, client_secret: secret } }
      : { headers: { authorization: toBasic(clientId, secret) }, parameters: {} }
  return async () => proof
}

/** RFC 6749 §2.3.1: both parts are form-encoded first, so that a colon in the one is none between the two. */
const toBasic = (clientId: string, secret: string): string =>
  `Basic ${Buffer.from(`${toForm(clientId)}:${toForm(secret)}`).toString('base64')}`

const toForm = (text: string): string => new URLSearchParams([['', text]]).toString().slice(1)
