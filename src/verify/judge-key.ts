import { matchHost, toHost } from '../core/host.ts'
import { memoizeRecent } from '../core/memoize.ts'
import type { Verification, Verified } from '../core/ports.ts'
import type { KeyRecord } from '../sources/key-record.ts'

/** Whether a key that was found is good now, on the host that was asked for as a client sent it. `now` is in milliseconds since the epoch. */
export const judgeKey = (record: KeyRecord, asked: string | undefined, now: number): Verification => {
  const { id: keyId, disabled, notBefore, expires, hosts } = record
  if (disabled) return { kind: 'rejected', reason: 'disabled_key', keyId }
  if (expires !== undefined && expires <= now) return { kind: 'rejected', reason: 'expired_key', keyId }
  if (notBefore !== undefined && notBefore > now) return { kind: 'rejected', reason: 'premature_key', keyId }
  if (hosts) {
    const host = asked === undefined ? undefined : toHost(asked)
    const isGood = host !== undefined && hosts.some((pattern) => matchHost(pattern, host))
    if (!isGood) return { kind: 'rejected', reason: 'wrong_host', keyId }
  }
  return toVerified(record)
}

/** One object for each record while it is asked for: answers are remembered by it. */
const toVerified = memoizeRecent(({ id, scopes, claims = NO_CLAIMS }: KeyRecord): Verified => {
  return { kind: 'verified', principal: { kind: 'key', subject: id, keyId: id, scopes, claims } }
})

const NO_CLAIMS: ReadonlyMap<string, unknown> = new Map()
