import { toDigest } from './digest.ts'

/** A secret that was read, or why it can be none. The reason never holds a part of it. */
export type ParsedSecret =
  | { readonly kind: 'parsed'; readonly digest: string }
  | { readonly kind: 'refused'; readonly reason: string }

/** Least and greatest length of a secret, in bytes. */
const MIN_LENGTH = 16
const MAX_LENGTH = 4096

/** RFC 6750 §2.1: what can be sent as a bearer at all. */
const B64TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/

/** Reads the content of a secret file. One final newline is dropped, LF or CRLF, and only the digest is kept. */
export const parseSecret = (content: Uint8Array): ParsedSecret => {
  const secret = Buffer.from(content)
    .toString('latin1')
    .replace(/\r?\n$/, '')
  if (secret === '') return refused('it is empty')
  if (/^bearer\s/i.test(secret)) return refused('it starts with "Bearer ": store the secret alone')
  if (secret.length < MIN_LENGTH) return refused(`it is shorter than ${MIN_LENGTH} bytes: too easy to guess`)
  if (secret.length > MAX_LENGTH) return refused(`it is longer than ${MAX_LENGTH} bytes: no secret`)
  if (!B64TOKEN.test(secret)) {
    return refused('it holds a space, a line break or another character that no bearer can carry (RFC 6750 §2.1)')
  }
  return { kind: 'parsed', digest: toDigest(secret) }
}

const refused = (reason: string): ParsedSecret => ({ kind: 'refused', reason })
