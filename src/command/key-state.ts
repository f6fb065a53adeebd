import type { KeyEntry } from '../sources/key-entry.ts'

/** What a key is now. */
export type KeyState = 'active' | 'disabled' | 'expired' | 'not_yet'

/** The state of a key at a time in milliseconds since the epoch, as a gate would judge its secret. */
export const toKeyState = ({ disabled, expires, notBefore }: KeyEntry, now: number): KeyState => {
  if (disabled) return 'disabled'
  if (expires !== undefined && Date.parse(expires) <= now) return 'expired'
  if (notBefore !== undefined && Date.parse(notBefore) > now) return 'not_yet'
  return 'active'
}

/** How many secrets that rotations replaced are still within their time. */
export const countReplaced = ({ previous = [] }: KeyEntry, now: number): number =>
  previous.filter(({ expires }) => Date.parse(expires) > now).length
