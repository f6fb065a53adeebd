import { hostPattern } from '../config/route-schema.ts'
import { parsePath } from '../core/path.ts'
import { type Address, parseAddress } from './address.ts'

/** Where a proxy sends requests, or that there is nothing. */
export interface Upstream {
  /** A host pattern of the policy; without one, all hosts. */
  readonly host?: string
  /** Whole segments, without a final slash; empty for all paths. */
  readonly prefix: string
  /** Undefined for `none`: the proxy answers 404. */
  readonly address?: Address
}

/** Reads `[HOST][/PATH]=ADDRESS`, or an address alone; `none` as the address means 404. Undefined for anything else. */
export const parseUpstream = (text: string): Upstream | undefined => {
  const [, host = '', prefix = '', target = ''] = /^(?:([^/=]*)((?:\/[A-Za-z0-9._~-]+)*)\/?=)?([^=]+)$/.exec(text) ?? []
  const address = target === 'none' ? undefined : parseAddress(target)
  if (target !== 'none' && !address) return undefined
  if (host !== '' && !hostPattern.safeParse(host).success) return undefined
  if (prefix !== '' && parsePath(prefix).kind !== 'clear') return undefined
  return { ...(host !== '' && { host: host.toLowerCase() }), prefix, ...(address && { address }) }
}
