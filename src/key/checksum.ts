import { crc32 } from 'node:zlib'

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** How every minted secret starts: for people, and for secret scanners. */
export const PREFIX = 'bgk_'
export const RANDOM_LENGTH = 32
const CHECKSUM_LENGTH = 6

/** One character for a number from 0 to 61. */
export const toCharacter = (value: number): string => ALPHABET.charAt(value % ALPHABET.length)

/** CRC-32 of the text in six base62 characters, the most significant first. */
export const toChecksum = (text: string): string => {
  let rest = crc32(text)
  let checksum = ''
  while (checksum.length < CHECKSUM_LENGTH) {
    checksum = toCharacter(rest) + checksum
    rest = Math.floor(rest / ALPHABET.length)
  }
  return checksum
}

/** True for text that has the form of a minted secret, whether or not it is one. */
export const isMinted = (text: string): boolean => text.startsWith(PREFIX)

/** True for text that starts like a minted secret and is none: it was cut or mistyped. */
export const isMistyped = (text: string): boolean => {
  if (!text.startsWith(PREFIX)) return false
  const body = text.slice(0, -CHECKSUM_LENGTH)
  return body.length !== PREFIX.length + RANDOM_LENGTH || toChecksum(body) !== text.slice(-CHECKSUM_LENGTH)
}
