import { createHmac, randomBytes } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import pLimit from 'p-limit'
import type { Asked, BasicCredential, Verification } from '../core/ports.ts'
import { within } from '../lookup/within.ts'
import type { User } from '../passwords/parse-htpasswd.ts'

/** Judges a user name and a password. */
export type VerifyPassword = (credential: BasicCredential, asked: Asked) => Verification | Promise<Verification>

export interface VerifyPasswordOptions {
  /** The users of a file by its name; undefined while they are not known. */
  readonly users: (htpasswdFile: string) => ReadonlyMap<string, User> | undefined
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** Of the four threads that Node has for such work: files are read by them as well. */
const AT_ONCE = 2
/** So many wait for their turn. Each takes some 50 ms, and Envoy waits for 200. */
const MAX_WAITING = 32
/** How long a password that was right is right without being looked at anew, in milliseconds, and of how many. */
const REMEMBERED_MILLISECONDS = 60_000
const MAX_REMEMBERED = 1_000
/** Left for the answer to reach whoever asked. */
const MARGIN_MILLISECONDS = 20

const UNAVAILABLE: Verification = { kind: 'unavailable', reason: 'passwords_unavailable' }

/**
 * Passwords are made to be slow to check: few are checked at a time, few wait, all others are an outage, and one that was
 * right is remembered for a minute.
 */
export const createVerifyPassword = ({ users, now }: VerifyPasswordOptions): VerifyPassword => {
  const limit = pLimit(AT_ONCE)
  // With a key that dies with the process a digest cannot be guessed at elsewhere.
  const key = randomBytes(32)
  const toDigest = (...parts: readonly string[]): string =>
    createHmac('sha256', key).update(parts.join('\0')).digest('base64')
  /** Until when, by a digest of user, hash and password: a changed line of the file is another one. */
  const remembered = new LRUCache<string, number>({ max: MAX_REMEMBERED })
  const running = new Map<string, Promise<boolean | undefined>>()

  /** Undefined when its turn came too late. */
  const check = async ({ hash }: User, password: string, digest: string, deadline = Infinity) => {
    try {
      const isRight = await limit(() => (now() < deadline ? hash.matches(password) : undefined))
      if (isRight) remembered.set(digest, now() + REMEMBERED_MILLISECONDS)
      return isRight
    } finally {
      running.delete(digest)
    }
  }

  return async ({ user, password, htpasswdFile }, { deadline }) => {
    const known = users(htpasswdFile)
    if (!known) return UNAVAILABLE
    const own = known.get(user)
    // CWE-208: a name that nobody has takes the time of one that somebody has.
    const record = own ?? pick(known, toDigest(user))
    if (!record) return { kind: 'rejected', reason: 'unknown_user' }
    const digest = toDigest(user, record.hash.text, password)
    if (own && now() < (remembered.get(digest) ?? 0)) return own.verified

    // A browser opens several connections at once: they wait for one check.
    let checked = running.get(digest)
    if (!checked) {
      if (limit.pendingCount >= MAX_WAITING) return UNAVAILABLE
      checked = check(record, password, digest, deadline)
      running.set(digest, checked)
    }
    const isRight =
      deadline === undefined ? await checked : await within(checked, deadline - now() - MARGIN_MILLISECONDS)
    if (isRight === undefined) return UNAVAILABLE
    if (!own) return { kind: 'rejected', reason: 'unknown_user' }
    return isRight ? own.verified : { kind: 'rejected', reason: 'wrong_password' }
  }
}

/** Always the same user for the same digest, and for who does not know it anybody. */
const pick = (users: ReadonlyMap<string, User>, digest: string): User | undefined =>
  [...users.values()][Buffer.from(digest, 'base64').readUInt32BE() % Math.max(users.size, 1)]
