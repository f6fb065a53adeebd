import type { Encoding } from './fixture-file.ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** A part of a JWS, in the one encoding that RFC 7515 §2 knows or in one that a careless decoder takes for it. */
export const toEncodedPart = (content: Buffer, encoding?: Encoding): string => {
  if (encoding === undefined) return content.toString('base64url')
  if (encoding === 'standard-alphabet') return content.toString('base64').replaceAll('=', '')
  // White space after the JSON text leaves room for padding or for bits that mean nothing.
  const roomy = content.length % 3 === 0 ? Buffer.concat([content, Buffer.from(' ')]) : content
  return encoding === 'padded' ? roomy.toString('base64').replaceAll('+', '-').replaceAll('/', '_') : stray(roomy)
}

const stray = (content: Buffer): string => setStrayBit(content.toString('base64url'))

/** RFC 4648 §3.5: the last character of a text like this carries bits that no byte has. */
const setStrayBit = (text: string): string => text.slice(0, -1) + ALPHABET.charAt(ALPHABET.indexOf(text.slice(-1)) | 1)

/** Changes the finished text of a token. */
export const toSpelling = (token: string, changes: readonly string[]): string => {
  let text = token
  for (const change of changes) {
    if (change === 'two-more-parts') text += '.AAAA.AAAA'
    else if (change === 'extra-dot') text += '.'
    else if (change === 'padding') text += '=='
    else text = setStrayBit(text)
  }
  return text
}
