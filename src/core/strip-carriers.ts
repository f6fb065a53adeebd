import { toOwnHeaderName } from './carrier.ts'
import { withoutCookies } from './cookie.ts'
import { type HeaderEdits, NO_EDITS } from './identity.ts'
import type { RequestView } from './request.ts'
import type { Rule } from './route.ts'
import { withoutProtocolToken } from './websocket-protocol.ts'

/**
 * What becomes of the headers that hold nothing but a credential, the same for every request of a route. What a route
 * does not take is not its business: it is passed on.
 */
export const stripWhole = (rule: Rule): HeaderEdits => {
  if (rule.kind !== 'bearer' || rule.authorization.kind === 'keep') return NO_EDITS
  const { credentials, authorization } = rule
  const names = credentials.flatMap((carrier) => toOwnHeaderName(carrier) ?? [])
  const replaced = authorization.kind === 'replace'
  return {
    set: replaced ? [['authorization', authorization.value]] : [],
    remove: [...new Set(names)].filter((name) => !replaced || name !== 'authorization'),
  }
}

/** Takes the credentials out of the headers that they share with other things, which the upstream gets. */
export const createStripShared = (rule: Rule): ((request: RequestView) => HeaderEdits) => {
  if (rule.kind !== 'bearer' || rule.authorization.kind === 'keep') return () => NO_EDITS
  const cookies = rule.credentials.flatMap((carrier) => (carrier.kind === 'cookie' ? [carrier.name] : []))
  const strips: (readonly [name: string, strip: (header: string) => string])[] = []
  if (cookies.length > 0) strips.push(['cookie', (header) => withoutCookies(header, cookies)])
  if (rule.credentials.some(({ kind }) => kind === 'websocketProtocol')) {
    strips.push(['sec-websocket-protocol', withoutProtocolToken])
  }
  if (strips.length === 0) return () => NO_EDITS
  return ({ headers }) => {
    const set: [string, string][] = []
    const remove: string[] = []
    for (const [name, strip] of strips) {
      const header = headers.get(name)
      if (header === undefined) continue
      const rest = strip(header)
      if (rest === '') remove.push(name)
      else if (rest !== header) set.push([name, rest])
    }
    return set.length + remove.length === 0 ? NO_EDITS : { set, remove }
  }
}
