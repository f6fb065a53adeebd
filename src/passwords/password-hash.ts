import { argon2, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

/** A hash of a password that is slow to guess at. */
export interface PasswordHash {
  /** As it stands in the file: no two users have the same one. */
  readonly text: string
  /** Whether it is the hash of that password. It works in the thread pool of Node, not in the event loop. */
  readonly matches: (password: string) => Promise<boolean>
}

export type ParsedHash =
  | { readonly kind: 'parsed'; readonly hash: PasswordHash }
  /** `problem` does not quote the hash. */
  | { readonly kind: 'refused'; readonly problem: string }

/** Reads a hash as htpasswd and the PHC string format write it: bcrypt, scrypt or Argon2id, within bounds. */
export const parsePasswordHash = (text: string): ParsedHash => {
  const parse = PARSERS.find(({ form }) => form.test(text))?.parse
  return parse ? parse(text) : refused('it is no bcrypt, scrypt or Argon2id hash')
}

const refused = (problem: string): ParsedHash => ({ kind: 'refused', problem })

const WEAK = 'is quick to guess at: make a bcrypt hash with htpasswd -B -C 12'

const parseBcrypt = (text: string): ParsedHash => {
  const cost = Number(/^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(text)?.[1])
  if (Number.isNaN(cost)) return refused('it is no whole bcrypt hash')
  if (cost < 5 || cost > 14) return refused('a bcrypt cost is 5 to 14')
  // What the letter says of errors of old is of no concern to us; the library knows but this one.
  const common = text.replace(/^\$2[ay]\$/, '$2b$$')
  const matches = async (password: string): Promise<boolean> => {
    // CVE-2025-22228: bcrypt reads 72 bytes, so that all longer passwords with one beginning are alike.
    if (Buffer.byteLength(password) > 72) return false
    // Loaded when it is needed: most gates have no passwords.
    const { default: bcrypt } = await import('bcrypt')
    return bcrypt.compare(password, common)
  }
  return { kind: 'parsed', hash: { text, matches } }
}

const MEBIBYTE = 1_048_576
const MAX_MEMORY = 256 * MEBIBYTE

const deriveScrypt = promisify<string, Buffer, number, object, Buffer>(scrypt)

/** RFC 7914, with N as its binary logarithm. */
const parseScrypt = (text: string): ParsedHash => {
  const parts = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/.exec(text)
  if (!parts) return refused('it is no whole scrypt hash')
  const [ln = 0, r = 0, p = 0] = parts.slice(1, 4).map(Number)
  const [salt, tag] = toBytes(parts.slice(4))
  const memory = 128 * 2 ** ln * r
  if (ln < 14 || r < 8 || p < 1 || p > 16 || memory > MAX_MEMORY) {
    return refused('scrypt has ln=14 or more, r=8 or more, p=1 to 16, and takes at most 256 MiB')
  }
  if (!salt || !tag) return refused(SHORT)
  const options = { N: 2 ** ln, r, p, maxmem: memory + MEBIBYTE }
  const matches = async (password: string): Promise<boolean> =>
    timingSafeEqual(await deriveScrypt(password, salt, tag.length, options), tag)
  return { kind: 'parsed', hash: { text, matches } }
}

const deriveArgon2 = promisify(argon2)

/** RFC 9106; the memory is in KiB. */
const parseArgon2id = (text: string): ParsedHash => {
  const parts = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/.exec(text)
  if (!parts) return refused('it is no whole Argon2id hash of version 19')
  const [memory = 0, passes = 0, parallelism = 0] = parts.slice(1, 4).map(Number)
  const [nonce, tag] = toBytes(parts.slice(4))
  const isInside = memory >= 7_168 && memory * 1024 <= MAX_MEMORY && passes >= 1 && passes <= 10
  if (!isInside || parallelism < 1 || parallelism > 16) {
    return refused('Argon2id has m=7168 to 262144, t=1 to 10, p=1 to 16')
  }
  if (!nonce || !tag) return refused(SHORT)
  const matches = async (password: string): Promise<boolean> => {
    const parameters = { message: password, nonce, memory, passes, parallelism, tagLength: tag.length }
    return timingSafeEqual(await deriveArgon2('argon2id', parameters), tag)
  }
  return { kind: 'parsed', hash: { text, matches } }
}

const SHORT = 'its salt has 8 bytes or more, and what follows 16 or more'

/** The PHC string format has no padding. */
const toBytes = ([salt = '', tag = '']: readonly string[]): readonly (Buffer | undefined)[] => [
  atLeast(8, Buffer.from(salt, 'base64')),
  atLeast(16, Buffer.from(tag, 'base64')),
]

const atLeast = (length: number, bytes: Buffer): Buffer | undefined => (bytes.length >= length ? bytes : undefined)

const PARSERS: readonly { readonly form: RegExp; readonly parse: (text: string) => ParsedHash }[] = [
  { form: /^\$2[abxy]\$/, parse: parseBcrypt },
  { form: /^\$scrypt\$/, parse: parseScrypt },
  { form: /^\$argon2id\$/, parse: parseArgon2id },
  { form: /^\$argon2[id]\$/, parse: () => refused('of Argon2 write Argon2id') },
  { form: /^\{SHA\}/, parse: () => refused(`SHA-1 without a salt ${WEAK}`) },
  { form: /^\{SSHA\}/, parse: () => refused(`SHA-1 ${WEAK}`) },
  { form: /^\$(?:apr)?1\$/, parse: () => refused(`MD5 ${WEAK}`) },
  { form: /^\$[56]\$/, parse: () => refused(`crypt with SHA-2 ${WEAK}`) },
  { form: /^[./A-Za-z0-9]{13}$/, parse: () => refused(`crypt, or a password as it is, ${WEAK}`) },
]
