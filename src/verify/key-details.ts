import type { AsymmetricKeyDetails, KeyObject } from 'node:crypto'
import { memoizeWeak } from '../core/memoize.ts'

/** The curve or the length of a key. Asked once for each: Node asks OpenSSL anew each time, and a token asks twice. */
export const toKeyDetails = memoizeWeak((key: KeyObject): AsymmetricKeyDetails => key.asymmetricKeyDetails ?? {})
