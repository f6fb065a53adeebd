import { constants, createHmac, sign } from 'node:crypto'
import type { Signer } from './signers.ts'

/** The signature of a JWS by the algorithm (RFC 7518 §3). */
export const toSignature = (alg: string, { privateKey: key }: Signer, input: string): Buffer => {
  const data = Buffer.from(input)
  if (alg === 'EdDSA') return sign(null, data, key)
  const digest = `sha${alg.slice(2)}`
  switch (alg.slice(0, 2)) {
    case 'ES':
      return sign(digest, data, { key, dsaEncoding: 'ieee-p1363' })
    case 'RS':
      return sign(digest, data, key)
    case 'PS':
      return sign(digest, data, {
        key,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
      })
    default:
      throw new Error(`no signer for the algorithm ${alg}`)
  }
}

/** What somebody without the private key, or with a careless library, puts in the place of a signature. */
export const toForgedSignature = (forgery: string, alg: string, signer: Signer, input: string): Buffer => {
  const good = () => toSignature(alg, signer, input)
  const [word, parameter] = forgery.split(':')
  switch (word) {
    case 'flip': {
      const bytes = good()
      return Buffer.concat([bytes.subarray(0, -1), Buffer.from([(bytes.at(-1) ?? 0) ^ 1])])
    }
    case 'zero':
      return Buffer.alloc(Number(parameter))
    case 'der':
      return sign('sha256', Buffer.from(input), { key: signer.privateKey, dsaEncoding: 'der' })
    case 'extend':
      return Buffer.concat([good(), Buffer.alloc(1)])
    case 'truncate':
      return good().subarray(0, -8)
    case 'hmac-public-pem':
      return hmac(signer.publicKey.export({ format: 'pem', type: 'spki' }), input)
    case 'hmac-public-jwk':
      return hmac(JSON.stringify(signer.publicJwk), input)
    case 'hmac-empty':
      return hmac('', input)
    default:
      throw new Error(`no such signature: ${forgery}`)
  }
}

const hmac = (key: string | Buffer, input: string): Buffer => createHmac('sha256', key).update(input).digest()
