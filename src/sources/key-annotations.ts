import { z } from 'zod'
import { scope } from '../config/fields.ts'

/** What the annotations `bearergate.dev/…` of a Secret say of its keys. */
export interface KeyAnnotations {
  readonly scopes: readonly string[]
  /** From when on they are refused, in milliseconds since the epoch. */
  readonly expires: number | undefined
  readonly disabled: boolean
}

export type ParsedAnnotations =
  | { readonly kind: 'parsed'; readonly value: KeyAnnotations }
  | { readonly kind: 'refused'; readonly problems: readonly string[] }

const PREFIX = 'bearergate.dev/'

const schema = z.object({
  scopes: z
    .string()
    .default('')
    .transform((text) => text.split(',').flatMap((item) => item.trim() || []))
    .pipe(z.array(scope)),
  expires: z.iso
    .datetime({ offset: true, error: 'write an RFC 3339 time, such as 2030-01-31T00:00:00Z' })
    .transform((text) => Date.parse(text))
    .optional(),
  // Whoever writes it means to disable: a mistyped "true" must not leave the keys on.
  disabled: z
    .string()
    .default('false')
    .transform((text) => text !== 'false'),
})

/** Reads them; all others are passed over. */
export const parseAnnotations = (annotations: Readonly<Record<string, string>>): ParsedAnnotations => {
  const named = Object.keys(schema.shape).map((name) => [name, annotations[PREFIX + name]])
  const parsed = schema.safeParse(Object.fromEntries(named))
  if (parsed.success) {
    const { scopes, expires, disabled } = parsed.data
    return { kind: 'parsed', value: { scopes, expires, disabled } }
  }
  const problems = parsed.error.issues.map(({ path, message }) => `${PREFIX}${String(path[0])}: ${message}`)
  return { kind: 'refused', problems }
}
