import { z } from 'zod'
import { scope } from '../config/fields.ts'
import { isHeaderValue } from '../core/header-value.ts'

/** An API key as it is stored: never the secret, only its digest. */
export interface KeyRecord {
  /** Names the key to people and to the upstream. */
  readonly id: string
  /** SHA-256 of the secret, lower-case hexadecimal. */
  readonly digest: string
  readonly scopes: readonly string[]
  /** From when on the key is refused, in milliseconds since the epoch. */
  readonly expires?: number
  readonly disabled: boolean
}

/** True for text that can name a key: it becomes a header value and a log field. */
export const isKeyId = (text: string): boolean => isHeaderValue(text) && text.length <= 128

const keySchema = z
  .strictObject({
    id: z.string().refine(isKeyId, 'an id is 1 to 128 visible ASCII characters with inner spaces'),
    digest: z.string().regex(/^sha256:[0-9a-f]{64}$/, 'write sha256: and 64 lower-case hexadecimal digits'),
    scopes: z.array(scope).default([]),
    expires: z.iso.datetime({ offset: true, error: 'write an RFC 3339 time, such as 2030-01-31T00:00:00Z' }).optional(),
    disabled: z.boolean().default(false),
  })
  .transform(({ digest, expires, ...rest }): KeyRecord => {
    return { ...rest, digest: digest.slice('sha256:'.length), ...(expires && { expires: Date.parse(expires) }) }
  })

/** A key set file. */
export const keySetSchema = z.strictObject({ keys: z.array(keySchema) })
