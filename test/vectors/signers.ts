import { generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import type { SignerFixture } from './fixture-file.ts'

/** A key pair and what its issuer publishes of it. */
export interface Signer {
  readonly alg: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  readonly publicJwk: Readonly<Record<string, unknown>>
}

const generate = promisify(generateKeyPair)

/** Makes a new key pair; no private key lies in the repository. */
export const createSigner = async ({
  kty,
  crv = 'P-256',
  bits = 2048,
  leaked,
  jwk,
}: SignerFixture): Promise<Signer> => {
  const { privateKey, publicKey } = await generateFor(kty, crv, bits)
  const alg = String(jwk['alg'] ?? { EC: 'ES256', RSA: 'RS256', OKP: 'EdDSA' }[kty])
  const published = leaked ? privateKey : publicKey
  return { alg, privateKey, publicKey, publicJwk: { ...published.export({ format: 'jwk' }), ...jwk } }
}

const generateFor = (kty: SignerFixture['kty'], namedCurve: string, modulusLength: number) => {
  switch (kty) {
    case 'EC':
      return generate('ec', { namedCurve })
    case 'RSA':
      return generate('rsa', { modulusLength })
    case 'OKP':
      return generate('ed25519')
  }
}
