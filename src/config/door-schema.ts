import { isIP, isIPv4 } from 'node:net'
import * as z from 'zod'
import { parsePath } from '../core/path.ts'
import { duration } from './fields.ts'

/** The proxies that ask over HTTP, each in its own way. */
export const DOOR_KINDS = ['envoy', 'nginx', 'traefik', 'caddy'] as const
export type DoorKind = (typeof DOOR_KINDS)[number]

const path = z
  .string()
  .refine(
    (text) => !/[%?*]/.test(text) && parsePath(text).kind === 'clear' && (text === '/' || !text.endsWith('/')),
    'write a path such as /nginx, without escape, query and final slash',
  )

/** An address, or a block of them. */
const isBlock = (text: string): boolean => {
  const [address = '', bits, more] = text.split('/')
  if (isIP(address) === 0 || more !== undefined) return false
  return bits === undefined || (/^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= (isIPv4(address) ? 32 : 128))
}

/** Where proxies of one kind ask. */
export const doorSchema = z.strictObject({
  kind: z.enum(DOOR_KINDS, `write one of ${DOOR_KINDS.join(', ')}`),
  path: path.describe('Where these proxies ask; for envoy its path_prefix.'),
  trustedProxies: z
    .array(
      z
        .string()
        .refine(isBlock, 'write an address such as 10.1.2.3, or a block such as 10.1.0.0/16; not all there are'),
    )
    .min(1, 'the list is empty')
    .optional()
    .describe('Addresses from which proxies connect: whoever connects from there can say what it wants to have asked.'),
  timeout: duration('1s', { min: '1s', max: '1m' }).describe('How long the proxy waits for an answer.'),
})

export type DoorConfig = z.output<typeof doorSchema>

interface Parts {
  readonly listen: { readonly http?: string | undefined }
  readonly doors: readonly DoorConfig[]
}

/** What no door can know alone. */
export const crossCheckDoors = ({ listen: { http }, doors }: Parts, context: z.core.$RefinementCtx): void => {
  const complain = (path: (string | number)[], message: string) => context.addIssue({ code: 'custom', path, message })
  if (http === undefined && doors.length > 0) complain(['doors'], 'nobody can come to a door: write listen.http')
  if (http !== undefined && doors.length === 0) complain(['listen', 'http'], 'nobody is let in: write doors')
  for (const [index, { kind, path, trustedProxies }] of doors.entries()) {
    const first = doors.findIndex((other, position) => position !== index && overlaps(other, path))
    if (first >= 0)
      complain(['doors', index, 'path'], `doors[${first}] is there already, with all that is below an envoy door`)
    const at = ['doors', index, ...(trustedProxies ? ['trustedProxies'] : [])]
    if (http?.startsWith('unix:') && trustedProxies) {
      complain(at, 'over a unix socket the rights of its file say who may ask: leave it out')
    }
    // GHSA-7x63-xv5r-3p2x: whoever can send these headers says what is judged.
    if (http !== undefined && !http.startsWith('unix:') && !trustedProxies && kind !== 'envoy') {
      complain(at, `the original request is in headers that anybody can send: write trustedProxies`)
    }
  }
}

/** True when a request to that path could come to the door: a client chooses what is below that of an envoy door. */
const overlaps = (door: DoorConfig, path: string): boolean =>
  door.path === path || (door.kind === 'envoy' && path.startsWith(door.path === '/' ? '/' : `${door.path}/`))
