import * as z from 'zod'
import { toHost } from '../core/host.ts'
import { parsePath } from '../core/path.ts'
import { credentialSchema, toPlace } from './credentials-schema.ts'
import { file, line, oneOrMany, scope } from './fields.ts'

/** A host name, or all names below one. */
export const hostPattern = z.string().refine((text) => {
  const bare = text.replace(/^\*\./, '')
  return toHost(bare) === bare.toLowerCase() && !/:\d*$/.test(bare.replace(/^\[.*\]/, ''))
}, 'write a host name without port, such as api.example.com or *.example.com')

const path = z.string().refine((text) => {
  const bare = text.replace(/\/\*$/, '/')
  return !/[*%?]/.test(bare) && parsePath(bare).kind === 'clear'
}, 'write a decoded path that starts with / and has no escape, query, ; or dot segment; a subtree ends in /*')

const origin = z
  .string()
  .refine(
    (text) => URL.canParse(text) && new URL(text).origin === text,
    'write an origin such as https://ui.example.com',
  )

/** One route. */
export const routeSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9._-]{1,64}$/, 'use letters, digits, dot, _ and -')
      .optional(),
    host: oneOrMany(hostPattern).optional(),
    method: oneOrMany(z.string().regex(/^[A-Z-]+$/, 'write a method in capitals, such as GET')).optional(),
    path: oneOrMany(path).optional(),
    preflight: z.boolean().default(false),
    rule: z.enum(['public', 'bearer', 'deny'], 'write public, bearer or deny'),
    realm: line.optional(),
    accept: z.array(line).min(1).optional().describe('keys, and issuers as they are named above. Without it: all.'),
    scopes: z.array(scope).optional(),
    resource: z.string().optional().describe('The resource that it belongs to, as it is named under resources.'),
    credentials: z
      .array(credentialSchema)
      .min(1, 'the list is empty')
      .optional()
      .describe('Where a credential may be. Without it: bearer alone.'),
    several: z
      .enum(['refuse', 'first'], 'write refuse or first')
      .optional()
      .describe('A request with several credentials: refused, or the first of the list counts.'),
    origins: z
      .array(origin)
      .min(1, 'the list is empty')
      .optional()
      .describe('Other sites that browsers may come from.'),
    authorization: z
      .union(
        [
          z.enum(['remove', 'keep']),
          z.strictObject({
            basic: z.strictObject({
              username: line.refine((name) => !name.includes(':'), 'a user name has no colon (RFC 7617 §2)'),
              passwordFile: file,
            }),
          }),
          z.strictObject({ bearer: z.strictObject({ secretFile: file }) }),
        ],
        'write remove, keep, {basic: {username, passwordFile}} or {bearer: {secretFile}}',
      )
      .optional(),
  })
  .superRefine((value, context) => {
    if (value.preflight && value.method) {
      context.addIssue({ code: 'custom', path: ['method'], message: 'a preflight is always OPTIONS: leave it out' })
    }
    for (const [index, credential] of (value.credentials ?? []).entries()) {
      const first = value.credentials?.findIndex((other) => toPlace(other) === toPlace(credential))
      if (first === index) continue
      context.addIssue({
        code: 'custom',
        path: ['credentials', index],
        message: `stands twice: see credentials[${first}]`,
      })
    }
    if (value.rule === 'bearer') return
    const own = ['realm', 'accept', 'scopes', 'resource', 'authorization', 'credentials', 'several', 'origins'] as const
    for (const field of own) {
      if (value[field] === undefined) continue
      context.addIssue({ code: 'custom', path: [field], message: `has a meaning only with rule: bearer` })
    }
  })
