import { stringify } from 'yaml'
import * as z from 'zod'
import { fillDeep } from './placeholders.ts'
import type { World } from './world.ts'

const words = z.array(z.string())

/** What a file holds, by the names of the fixtures. */
export const fileContent = z.union([
  z.strictObject({
    keySet: words,
    format: z.enum(['yaml', 'json']).default('yaml'),
    extra: z.array(z.unknown()).default([]),
  }),
  z.strictObject({ secret: z.string(), ending: z.string().default('') }),
  z.strictObject({ jwkSet: z.union([z.string(), words]) }),
  z.strictObject({ text: z.string() }),
])

export type FileContent = z.output<typeof fileContent>

/** The text of the file. Key sets hold digests, never secrets. */
export const toText = (content: FileContent, world: World): string => {
  if ('text' in content) return world.fill(content.text)
  if ('secret' in content) return world.toSecret(content.secret) + content.ending
  if ('jwkSet' in content) return JSON.stringify(world.toJwkSet(content.jwkSet))
  const keys = [...world.toKeyEntries(content.keySet), ...content.extra.map((entry) => fillDeep(entry, world.fill))]
  return content.format === 'json' ? JSON.stringify({ keys }) : stringify({ keys })
}
