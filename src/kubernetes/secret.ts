import * as z from 'zod'

const texts = z.record(z.string(), z.string()).nullish()

/** As much of a Secret as keys need; what an editor writes back keeps the rest. */
export const secretSchema = z.looseObject({
  metadata: z.looseObject({
    namespace: z.string(),
    name: z.string(),
    resourceVersion: z.string(),
    /** Another one after it was deleted and made again. */
    uid: z.string().optional(),
    annotations: texts,
  }),
  /** In base64. */
  data: z.record(z.string(), z.string().nullable()).nullish(),
})

export type Secret = z.output<typeof secretSchema>

/** One page of a list. */
export const secretListSchema = z.object({
  metadata: z.object({ resourceVersion: z.string(), continue: z.string().optional() }),
  items: z.array(secretSchema),
})

/** One line of a watch. */
export const watchEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.enum(['ADDED', 'MODIFIED', 'DELETED']), object: secretSchema }),
  z.object({
    type: z.literal('BOOKMARK'),
    object: z.object({ metadata: z.object({ resourceVersion: z.string() }) }),
  }),
  z.object({ type: z.literal('ERROR'), object: z.unknown() }),
])

export type WatchEvent = z.output<typeof watchEventSchema>

/** Where the Secrets of a namespace are in the API, or one of them. */
export const toSecretsPath = (namespace: string, query: Readonly<Record<string, string>>, name = ''): string =>
  `/api/v1/namespaces/${namespace}/secrets${name && `/${name}`}?${new URLSearchParams(query)}`
