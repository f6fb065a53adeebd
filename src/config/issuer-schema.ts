import * as z from 'zod'
import { duration, file, line } from './fields.ts'
import { isTrustedUrl } from './trusted-url.ts'

/** RFC 8725 §3.1: asymmetric algorithms only; a JWK Set is public. */
const ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
] as const

const url = z.string().refine(isTrustedUrl, 'write an https URL; http is allowed for loopback hosts only')

/** One issuer of access tokens. */
export const issuerSchema = z
  .strictObject({
    issuer: line.describe('The value of the iss claim, exactly. Where its keys are discovered, an https URL.'),
    audiences: z.array(line).min(1, 'name at least one audience').describe('One of them must be in the aud claim.'),
    jwksUri: url.optional().describe('Where the JWK Set is. Without it and jwksFile it is discovered.'),
    jwksFile: file.optional().describe('A JWK Set on disk, read again when it changes.'),
    algorithms: z
      .array(z.enum(ALGORITHMS, `use one of ${ALGORITHMS.join(', ')}`))
      .min(1)
      .default([...ALGORITHMS]),
    types: z
      .array(z.string().min(1))
      .min(1)
      .default(['at+jwt', 'JWT', 'absent'])
      .describe('Accepted values of the typ header; absent stands for none.'),
    idTokens: z
      .enum(['refuse', 'accept'], 'write refuse or accept')
      .default('refuse')
      .describe('Whether who logged in may call: audiences then names the client id.'),
    clockTolerance: duration('30s'),
    maxTokenAge: duration('0s').describe('Greatest age by the iat claim; 0s for none.'),
    subjectClaim: line.default('sub'),
    scopeClaim: line.optional().describe('A string with spaces or a list. Without it: scope, else scp.'),
    requiredClaims: z.array(line).default([]),
    refresh: duration('5m', { min: '1s', max: '7d' }).describe('How often the JWK Set is fetched.'),
    maxStale: duration('24h').describe('How long the last good JWK Set is used when it cannot be fetched.'),
  })
  .refine(({ jwksUri, jwksFile }) => !(jwksUri && jwksFile), 'write jwksUri or jwksFile, not both')
  .refine(({ issuer, jwksUri, jwksFile }) => jwksUri || jwksFile || isTrustedUrl(issuer), {
    path: ['issuer'],
    message: 'to discover its keys this must be an https URL; or set jwksUri or jwksFile',
  })
