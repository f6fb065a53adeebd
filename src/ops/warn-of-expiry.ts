import type { Logger } from 'pino'
import type { ExpiringKey } from './expiring-key.ts'

const INTERVAL_MILLISECONDS = 60_000

export interface ExpiryOptions {
  readonly expiring: () => readonly ExpiringKey[]
  /** How long before, in milliseconds. */
  readonly ahead: () => number
  readonly now: () => number
  readonly log: Pick<Logger, 'warn'>
}

/** Logs each key once, some time before it expires. Returns how to stop. */
export const warnOfExpiry = ({ expiring, ahead, now, log }: ExpiryOptions): (() => void) => {
  const told = new Set<string>()
  const look = (): void => {
    for (const { id, expires } of expiring()) {
      const name = `${expires} ${id}`
      if (expires - now() > ahead() || told.has(name)) continue
      told.add(name)
      log.warn({ keyId: id, expires: new Date(expires).toISOString() }, 'a key expires soon: rotate it, or extend it')
    }
  }
  look()
  const timer = setInterval(look, INTERVAL_MILLISECONDS)
  timer.unref()
  return () => clearInterval(timer)
}
