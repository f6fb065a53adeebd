import { type KeyObject, verify } from 'node:crypto'
import { promisify } from 'node:util'
import pLimit from 'p-limit'
import type { Jws } from './jws.ts'
import { toKeyDetails } from './key-details.ts'
import { SIGNATURE_ALGORITHMS } from './signature-algorithm.ts'

/** What a look at a signature found; `busy` when it could not be looked at in time. */
export type SignatureCheck = 'good' | 'bad' | 'busy'

const verifyInThread = promisify(verify)

/** One at a time on the thread pool: its other threads read files and check passwords, and a core is left for the rest. */
const limit = pLimit(1)
/** So many wait for their turn: up to 80 ms with ES384, 160 with ES512, and Envoy waits for 200. */
const MAX_WAITING = 64

/**
 * Checks a signature with a key that is made for its algorithm. What is quick is done where we are: RSA, P-256 and Ed25519
 * take 30 to 180 µs, and handing that to a thread costs half as much again, so that 1,000 bad ones in a second are dearer
 * there than here. What takes a millisecond and more waits for its turn on the thread pool, as long as somebody waits for it.
 */
export const checkSignature = async (
  { algorithm, signed, signature }: Jws,
  key: KeyObject,
  isLate: () => boolean,
): Promise<SignatureCheck> => {
  const how = SIGNATURE_ALGORITHMS.get(algorithm)
  if (!how) return 'bad'
  const work = [how.hash, Buffer.from(signed, 'latin1'), { key, ...how.options }, signature] as const
  if (isQuick(key)) return verify(...work) ? 'good' : 'bad'
  if (limit.pendingCount >= MAX_WAITING) return 'busy'
  const isGood = await limit(() => (isLate() ? undefined : verifyInThread(...work)))
  if (isGood === undefined) return 'busy'
  return isGood ? 'good' : 'bad'
}

const QUICK_CURVES: ReadonlySet<string | undefined> = new Set(['prime256v1', undefined])
const QUICK_RSA_BITS = 4096

const isQuick = (key: KeyObject): boolean => {
  const { namedCurve, modulusLength = 0 } = toKeyDetails(key)
  return QUICK_CURVES.has(namedCurve) && modulusLength <= QUICK_RSA_BITS
}
