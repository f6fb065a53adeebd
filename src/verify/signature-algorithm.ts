import { constants, type SigningOptions } from 'node:crypto'

/** What an algorithm asks of a key, and how a signature is verified with it. */
export interface SignatureAlgorithm {
  readonly type: 'rsa' | 'ec' | 'ed25519'
  readonly curve?: string
  /** Null where the signature scheme brings its own. */
  readonly hash: string | null
  readonly options: SigningOptions
}

const pkcs1 = (bits: number): SignatureAlgorithm => ({ type: 'rsa', hash: `sha${bits}`, options: {} })

/** RFC 7518 §3.5: the salt is as long as the hash. */
const pss = (bits: number): SignatureAlgorithm => ({
  type: 'rsa',
  hash: `sha${bits}`,
  options: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: bits / 8 },
})

/** RFC 7518 §3.4: each is for one curve, and the signature is R and S alone. */
const ecdsa = (bits: number, curve: string): SignatureAlgorithm => ({
  type: 'ec',
  curve,
  hash: `sha${bits}`,
  options: { dsaEncoding: 'ieee-p1363' },
})

/** RFC 8037 §3.1; RFC 9864 §2.2 gives it a name of its own. */
const ed25519: SignatureAlgorithm = { type: 'ed25519', hash: null, options: {} }

/** By the name in `alg`. */
export const SIGNATURE_ALGORITHMS: ReadonlyMap<string, SignatureAlgorithm> = new Map([
  ['RS256', pkcs1(256)],
  ['RS384', pkcs1(384)],
  ['RS512', pkcs1(512)],
  ['PS256', pss(256)],
  ['PS384', pss(384)],
  ['PS512', pss(512)],
  ['ES256', ecdsa(256, 'prime256v1')],
  ['ES384', ecdsa(384, 'secp384r1')],
  ['ES512', ecdsa(512, 'secp521r1')],
  ['EdDSA', ed25519],
  ['Ed25519', ed25519],
])
