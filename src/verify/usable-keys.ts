import { createPublicKey, type JsonWebKeyInput, type KeyObject } from 'node:crypto'
import type { JWK } from 'jose'
import type { SigningKey } from './signing-key.ts'

/** The keys of a JWK Set that may verify a signature, or why there are none. */
export type UsableKeys =
  | { readonly kind: 'usable'; readonly keys: readonly SigningKey[]; readonly refused: readonly string[] }
  | { readonly kind: 'none'; readonly reason: string }

/** Reads the text of a JWK Set (RFC 7517 §5). An empty set is a fault of the issuer, not a rotation. */
export const toUsableKeys = (text: string): UsableKeys => {
  const jwks = parseJwks(text)
  if (!jwks) return { kind: 'none', reason: 'it is no JWK Set' }
  const judged = jwks.map(judge)
  const keys = judged.flatMap((found) => (found.kind === 'usable' ? [found.key] : []))
  const refused = judged.flatMap((found, index) =>
    found.kind === 'refused' ? [`keys[${index}] is not used: ${found.problem}`] : [],
  )
  if (keys.length === 0) return { kind: 'none', reason: ['it holds no usable key', ...refused].join('; ') }
  return { kind: 'usable', keys, refused }
}

const parseJwks = (text: string): readonly JWK[] | undefined => {
  try {
    const { keys } = JSON.parse(text)
    const isList = Array.isArray(keys) && keys.every((key) => typeof key === 'object' && key !== null)
    return isList ? keys : undefined
  } catch {
    return undefined
  }
}

type Judged =
  | { readonly kind: 'usable'; readonly key: SigningKey }
  | { readonly kind: 'refused'; readonly problem: string }

const MIN_RSA_BITS = 2048

const judge = (jwk: JWK): Judged => {
  const { kty, use, key_ops: operations, kid, alg } = jwk
  // CVE-2016-10555: a set that anyone can read holds no secret; and a private key in it belongs to everyone.
  if (kty !== 'RSA' && kty !== 'EC' && kty !== 'OKP') return refused('it is not of an asymmetric type')
  if (jwk.d !== undefined) return refused('it is a private key')
  if (use !== undefined && use !== 'sig') return refused('it is not for signatures')
  // RFC 7517 §4.3: made for something else as well; the verifier takes it for that alone, or not at all.
  const isForVerifying = Array.isArray(operations) && operations.length === 1 && operations[0] === 'verify'
  if (operations !== undefined && !isForVerifying) return refused('it is not for verifying alone')
  const key = parseKey(jwk)
  if (!key) return refused('it cannot be read as a key')
  const bits = key.asymmetricKeyDetails?.modulusLength ?? Number.POSITIVE_INFINITY
  // RFC 7518 §3.3: RSA keys have 2048 bits or more.
  if (bits < MIN_RSA_BITS) return refused(`it has fewer than ${MIN_RSA_BITS} bits`)
  return { kind: 'usable', key: { kid, alg, key } }
}

const refused = (problem: string): Judged => ({ kind: 'refused', problem })

const parseKey = (jwk: JWK): KeyObject | undefined => {
  try {
    return createPublicKey({ key: jwk as JsonWebKeyInput['key'], format: 'jwk' })
  } catch {
    return undefined
  }
}
