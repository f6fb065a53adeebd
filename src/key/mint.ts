import { randomInt } from 'node:crypto'
import { PREFIX, RANDOM_LENGTH, toCharacter, toChecksum } from './checksum.ts'

/** A new secret: `bgk_`, 32 random base62 characters (190 bits), and the CRC-32 of all that in 6 more. */
export const mintSecret = (): string => {
  const body = PREFIX + Array.from({ length: RANDOM_LENGTH }, () => toCharacter(randomInt(62))).join('')
  return body + toChecksum(body)
}
