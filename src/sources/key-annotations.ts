import * as z from 'zod'
import { scope } from '../config/fields.ts'

/** What the annotations `bearergate.dev/…` of a Secret say of its keys. */
export interface KeyAnnotations {
  readonly scopes: readonly string[]
  /** From when on they are refused, in milliseconds since the epoch. */
  readonly expires: number | undefined
  readonly disabled: boolean
}

/** Where one is broken, `value` has the others. */
export type ParsedAnnotations =
  | { readonly kind: 'parsed'; readonly value: KeyAnnotations }
  | { readonly kind: 'refused'; readonly value: Partial<KeyAnnotations>; readonly problems: readonly string[] }

const PREFIX = 'bearergate.dev/'

const scopesSchema = z
  .string()
  .default('')
  .transform((text) => text.split(',').flatMap((item) => item.trim() || []))
  .pipe(z.array(scope))

const expiresSchema = z.iso
  .datetime({ offset: true, error: 'write an RFC 3339 time, such as 2030-01-31T00:00:00Z' })
  .transform((text) => Date.parse(text))
  .optional()

/** Reads each by itself, so that `disabled` counts whatever the others are. All others are passed over. */
export const parseAnnotations = (annotations: Readonly<Record<string, string>>): ParsedAnnotations => {
  const scopes = scopesSchema.safeParse(annotations[`${PREFIX}scopes`])
  const expires = expiresSchema.safeParse(annotations[`${PREFIX}expires`])
  // Whoever writes it means to disable: a mistyped "true" must not leave the keys on.
  const disabled = (annotations[`${PREFIX}disabled`] ?? 'false') !== 'false'
  if (scopes.success && expires.success) {
    return { kind: 'parsed', value: { scopes: scopes.data, expires: expires.data, disabled } }
  }
  return {
    kind: 'refused',
    value: {
      disabled,
      ...(scopes.success && { scopes: scopes.data }),
      ...(expires.success && { expires: expires.data }),
    },
    problems: [...toProblems('scopes', scopes.error), ...toProblems('expires', expires.error)],
  }
}

const toProblems = (name: string, error: z.ZodError | undefined): readonly string[] =>
  (error?.issues ?? []).map(({ message }) => `${PREFIX}${name}: ${message}`)
