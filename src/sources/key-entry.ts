import * as z from 'zod'
import { scope } from '../config/fields.ts'
import { hostPattern } from '../config/route-schema.ts'
import { isHeaderValue } from '../core/header-value.ts'
import type { KeyRecord } from './key-record.ts'

/** True for text that can name a key: it becomes a header value and a log field. */
export const isKeyId = (text: string): boolean => isHeaderValue(text) && text.length <= 128

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'write sha256: and 64 lower-case hexadecimal digits')
const time = z.iso.datetime({ offset: true, error: 'write an RFC 3339 time, such as 2030-01-31T00:00:00Z' })
const claim = z.union(
  [z.string(), z.number(), z.boolean(), z.array(z.string())],
  'write text, a number, true or false, or a list of texts',
)

/** One key as files, Secrets and Redis hold it. All sources write it alike. */
export const keyEntrySchema = z.strictObject({
  id: z.string().refine(isKeyId, 'an id is 1 to 128 visible ASCII characters with inner spaces'),
  digest: digest.describe('sha256: and the SHA-256 of the secret.'),
  previous: z
    .array(z.strictObject({ digest, expires: time }))
    .optional()
    .describe('Secrets that a rotation replaced, each good until its own time.'),
  scopes: z.array(scope).optional(),
  notBefore: time.optional(),
  expires: time.optional(),
  disabled: z.boolean().optional(),
  hosts: z
    .array(hostPattern)
    .min(1, 'the list is empty')
    .optional()
    .describe('The only hosts that the key is good for.'),
  claims: z.record(z.string(), claim).optional().describe('What identity headers can show of its owner.'),
})

export type KeyEntry = z.output<typeof keyEntrySchema>

/** A key set file. */
export const keySetSchema = z.strictObject({ keys: z.array(keyEntrySchema) })

/** The records of an entry: one for its secret, and one for each that a rotation replaced. */
export const toRecords = (entry: KeyEntry): readonly KeyRecord[] => {
  const { id, previous = [], scopes = [], disabled = false, hosts, claims } = entry
  const expires = toTime(entry.expires)
  const notBefore = toTime(entry.notBefore)
  const common = {
    id,
    scopes,
    disabled,
    ...(notBefore !== undefined && { notBefore }),
    ...(hosts && { hosts: hosts.map((host) => host.toLowerCase()) }),
    ...(claims && { claims: new Map(Object.entries(claims)) }),
  }
  const current = { ...common, digest: toHex(entry.digest), ...(expires !== undefined && { expires }) }
  const replaced = previous.map((secret) => {
    const end = Date.parse(secret.expires)
    return { ...common, digest: toHex(secret.digest), expires: Math.min(end, expires ?? end) }
  })
  return [current, ...replaced]
}

const toHex = (text: string): string => text.slice('sha256:'.length)

const toTime = (text: string | undefined): number | undefined => (text === undefined ? undefined : Date.parse(text))
