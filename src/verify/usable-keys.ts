import { createPublicKey, type JsonWebKeyInput } from 'node:crypto'
import type { JSONWebKeySet, JWK } from 'jose'

/** The keys of a JWK Set that may verify a signature, or why there are none. */
export type UsableKeys =
  | { readonly kind: 'usable'; readonly set: JSONWebKeySet; readonly refused: readonly string[] }
  | { readonly kind: 'none'; readonly reason: string }

/** Reads the text of a JWK Set (RFC 7517 §5). An empty set is a fault of the issuer, not a rotation. */
export const toUsableKeys = (text: string): UsableKeys => {
  const keys = parseKeys(text)
  if (!keys) return { kind: 'none', reason: 'it is no JWK Set' }
  const judged = keys.map((key, index) => ({ key, problem: toProblem(key), index }))
  const usable = judged.filter(({ problem }) => problem === undefined).map(({ key }) => key)
  const refused = judged.flatMap(({ problem, index }) => (problem ? [`keys[${index}] is not used: ${problem}`] : []))
  if (usable.length === 0) return { kind: 'none', reason: ['it holds no usable key', ...refused].join('; ') }
  return { kind: 'usable', set: { keys: usable }, refused }
}

const parseKeys = (text: string): readonly JWK[] | undefined => {
  try {
    const { keys } = JSON.parse(text)
    const isList = Array.isArray(keys) && keys.every((key) => typeof key === 'object' && key !== null)
    return isList ? keys : undefined
  } catch {
    return undefined
  }
}

const MIN_RSA_BITS = 2048

const toProblem = (jwk: JWK): string | undefined => {
  // CVE-2016-10555: a set that anyone can read holds no secret; and a private key in it belongs to everyone.
  if (jwk.kty !== 'RSA' && jwk.kty !== 'EC' && jwk.kty !== 'OKP') return 'it is not of an asymmetric type'
  if (jwk.d !== undefined) return 'it is a private key'
  if (jwk.use !== undefined && jwk.use !== 'sig') return 'it is not for signatures'
  // RFC 7517 §4.3: made for something else as well; the verifier takes it for that alone, or not at all.
  if (jwk.key_ops !== undefined && jwk.key_ops.join() !== 'verify') return 'it is not for verifying alone'
  const bits = toModulusLength(jwk)
  if (bits === undefined) return 'it cannot be read as a key'
  // RFC 7518 §3.3: RSA keys have 2048 bits or more.
  return bits < MIN_RSA_BITS ? `it has fewer than ${MIN_RSA_BITS} bits` : undefined
}

/** Bits of an RSA key, infinite for other types; undefined when there is no key in it. */
const toModulusLength = (jwk: JWK): number | undefined => {
  try {
    const key = createPublicKey({ key: jwk as JsonWebKeyInput['key'], format: 'jwk' })
    return key.asymmetricKeyDetails?.modulusLength ?? Number.POSITIVE_INFINITY
  } catch {
    return undefined
  }
}
