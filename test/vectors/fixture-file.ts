import * as z from 'zod'
import { readYaml } from './read-yaml.ts'

const key = z.strictObject({
  id: z.string().optional(),
  text: z.string().optional(),
  scopes: z.array(z.string()).optional(),
  expires: z.strictObject({ now: z.number() }).optional(),
  disabled: z.boolean().optional(),
})

const signer = z.strictObject({
  kty: z.enum(['EC', 'RSA', 'OKP']),
  crv: z.string().optional(),
  bits: z.int().optional(),
  leaked: z.boolean().optional(),
  jwk: z.record(z.string(), z.unknown()).default({}),
})

const encoding = z.enum(['padded', 'stray-bits', 'standard-alphabet'])

const token = z.strictObject({
  like: z.string().optional(),
  header: z.record(z.string(), z.unknown()).default({}),
  claims: z.record(z.string(), z.unknown()).default({}),
  withoutHeader: z.array(z.string()).default([]),
  withoutClaims: z.array(z.string()).default([]),
  sign: z.string().optional(),
  signAs: z.string().optional(),
  headerText: z.string().optional(),
  claimsText: z.string().optional(),
  claimsHex: z.string().optional(),
  text: z.string().optional(),
  fresh: z.boolean().optional(),
  signature: z.string().optional(),
  encoding: z.strictObject({ header: encoding.optional(), claims: encoding.optional() }).optional(),
  spelling: z.array(z.enum(['two-more-parts', 'padding', 'stray-bits', 'extra-dot'])).default([]),
})

const fixtures = z.strictObject({
  keys: z.record(z.string(), key),
  signers: z.record(z.string(), signer),
  jwkSets: z.record(z.string(), z.array(z.union([z.string(), z.record(z.string(), z.unknown())]))),
  tokens: z.record(z.string(), token),
  introspections: z.record(z.string(), z.string()),
  passwords: z.array(z.string()),
})

export type KeyFixture = z.output<typeof key>
export type SignerFixture = z.output<typeof signer>
export type TokenFixture = z.output<typeof token>
export type Encoding = z.output<typeof encoding>
export type Fixtures = z.output<typeof fixtures>

/** All keys, signers, JWK Sets and tokens that the rows name. */
export const loadFixtures = (): Fixtures => fixtures.parse(readYaml('fixtures.yaml'))
