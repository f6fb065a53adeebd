import * as z from 'zod'
import { duration, file, line, oneOrMany } from './fields.ts'
import { isTrustedUrl } from './trusted-url.ts'

const url = z.string().refine(isTrustedUrl, 'write an https URL; http is allowed for loopback hosts only')

/** What a cache of answers and a bound on questions have in common, whoever is asked. */
export const askingFields = {
  timeout: duration('2s', { min: '1s', max: '30s' }).describe('How long a question may take.'),
  cacheFor: duration('30s', { max: '1h' }).describe('How long a good answer counts: a revocation counts after that.'),
  maxPerSecond: z
    .int()
    .min(1)
    .max(10_000)
    .default(50)
    .describe('How many tokens that were never good are asked about in a second; those beyond get 503.'),
}

/** An authorization server that is asked about its tokens (RFC 7662). */
export const introspectionSchema = z
  .strictObject({
    issuer: line.describe('Names the server in accept; iss, where an answer has one, must be exactly this.'),
    endpoint: url.describe('The introspection endpoint.'),
    clientId: line,
    clientSecretFile: file.optional(),
    clientKeyFile: file
      .optional()
      .describe('A private JWK with alg, and kid where the server wants it: private_key_jwt.'),
    clientAuthentication: z
      .enum(['client_secret_basic', 'client_secret_post'], 'write client_secret_basic or client_secret_post')
      .default('client_secret_basic')
      .describe('How the secret is sent.'),
    audiences: z
      .union(
        [z.array(line).min(1, 'name at least one audience'), z.literal('any')],
        'write a list of audiences, or any',
      )
      .describe('One of them must be in aud. any: every token of the server is for us.'),
    jwts: z.boolean().default(false).describe('Asks about JWTs whose iss is this issuer, too.'),
    subjectClaim: oneOrMany(line).prefault('sub').describe('The first of them that is there names the principal.'),
    scopeClaim: line.default('scope'),
    clockTolerance: duration('30s'),
    ...askingFields,
  })
  .refine(
    ({ clientSecretFile, clientKeyFile }) => (clientSecretFile === undefined) !== (clientKeyFile === undefined),
    'write one of clientSecretFile and clientKeyFile',
  )

export type IntrospectionConfig = z.output<typeof introspectionSchema>
