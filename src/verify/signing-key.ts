import type { KeyObject } from 'node:crypto'
import { toKeyDetails } from './key-details.ts'
import { SIGNATURE_ALGORITHMS } from './signature-algorithm.ts'

/** A public key of an issuer, and what its JWK says of it (RFC 7517 §4). */
export interface SigningKey {
  readonly kid: unknown
  /** The only algorithm that it is for; undefined for any that it fits. */
  readonly alg: unknown
  readonly key: KeyObject
}

/** The key that a header names. RFC 7515 §6: which one signed must be certain, so several that fit are none. */
export const findSigningKey = (
  keys: readonly SigningKey[],
  algorithm: string,
  kid: string | undefined,
): KeyObject | undefined => {
  const [found, ...others] = keys.filter(
    (key) =>
      (kid === undefined || key.kid === kid) &&
      (key.alg === undefined || key.alg === algorithm) &&
      isMadeFor(key.key, algorithm),
  )
  return others.length === 0 ? found?.key : undefined
}

/** RFC 8725 §3.1, RFC 7518 §3.4: an algorithm takes keys of its own type and curve alone. */
const isMadeFor = (key: KeyObject, algorithm: string): boolean => {
  const asked = SIGNATURE_ALGORITHMS.get(algorithm)
  return asked !== undefined && asked.type === key.asymmetricKeyType && asked.curve === toKeyDetails(key).namedCurve
}
