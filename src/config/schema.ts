import * as z from 'zod'
import { crossCheck, isShaped } from './cross-check.ts'
import { crossCheckDoors, doorSchema } from './door-schema.ts'
import { address, duration, file, line } from './fields.ts'
import { isIdentityHeaderName } from './identity-header-name.ts'
import { introspectionSchema } from './introspection-schema.ts'
import { issuerSchema } from './issuer-schema.ts'
import { kubernetesSource } from './kubernetes-source-schema.ts'
import { redisSource } from './redis-source-schema.ts'
import { resourceSchema } from './resource-schema.ts'
import { routeSchema } from './route-schema.ts'
import { tokenReviewSchema } from './token-review-schema.ts'
import { crossCheckAddresses } from './worker-address.ts'

const keySource = z
  .strictObject({
    directory: file.optional().describe('Key set files (.yaml, .yml, .json, .jsonl) and plain secrets, one a file.'),
    file: file.optional().describe('One key set file.'),
    kubernetes: kubernetesSource.optional().describe('Kubernetes Secrets of one namespace that have a label.'),
    redis: redisSource.optional().describe('A Redis or Valkey, asked key by key.'),
  })
  .refine(
    (source) => Object.values(source).filter((place) => place !== undefined).length === 1,
    'write one kind of source: directory, file, kubernetes or redis',
  )

const headerName = z
  .string()
  .transform((name) => name.toLowerCase())
  .refine(
    isIdentityHeaderName,
    'use a header of your own such as x-auth-request-user: this name routes, frames or authenticates',
  )

/** `bearergate.yaml` as it is written. */
export const configSchema = z
  .strictObject({
    listen: z
      .strictObject({
        grpc: address.default('127.0.0.1:9001').describe('Where Envoy asks: host:port or unix:/path.'),
        http: address
          .optional()
          .describe('Where proxies that speak HTTP ask: host:port or unix:/path. Its doors are below.'),
        ops: address.default('127.0.0.1:9003').describe('/livez, /readyz and /metrics.'),
        tls: z
          .strictObject({
            certificateFile: file,
            keyFile: file,
            clientCaFile: file.optional().describe('Asks for a client certificate of this CA.'),
          })
          .optional(),
      })
      .prefault({}),
    workers: z
      .int()
      .min(1)
      .max(64, 'is more than any machine gains from')
      .default(1)
      .describe('How many processes answer checks, each on addresses of its own.'),
    doors: z.array(doorSchema).default([]).describe('The ways in over listen.http, one for each kind of proxy.'),
    keys: z.array(keySource).default([]),
    issuers: z.array(issuerSchema).default([]),
    introspection: z.array(introspectionSchema).default([]),
    tokenReview: z.array(tokenReviewSchema).default([]),
    resources: z.array(resourceSchema).default([]),
    routes: z.array(routeSchema).min(1, 'without a route every request is denied'),
    identity: z
      .strictObject({
        subject: headerName.optional(),
        issuer: headerName.optional(),
        scopes: headerName.optional(),
        keyId: headerName.optional(),
        claims: z.record(line, headerName).default({}),
      })
      .prefault({ subject: 'x-auth-request-user' }),
    outage: z.enum(['denied', 'error'], 'write denied or error').default('denied'),
    cache: z.strictObject({ tokens: z.int().min(0).max(1_000_000).default(10_000) }).prefault({}),
    log: z
      .strictObject({
        level: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
        decisions: z
          .enum(['refused', 'all'])
          .default('refused')
          .describe('all: a line for each request let through, too.'),
        expiryWarning: duration('14d').describe('How long before its expiry a key is logged.'),
      })
      .prefault({}),
    drain: z
      .strictObject({
        delay: duration('5s', { max: '1h' }).describe('How long to answer as NOT_SERVING before the listener closes.'),
        timeout: duration('10s', { max: '1h' }).describe('How long open calls may take after that.'),
      })
      .prefault({}),
  })
  .superRefine(crossCheck, { when: ({ value }) => isShaped(value) })
  .superRefine(crossCheckDoors)
  .superRefine(crossCheckAddresses)

/** The configuration as its file says it, with all defaults filled in; durations are in milliseconds. */
export type ConfigFile = z.output<typeof configSchema>
export type IssuerConfig = ConfigFile['issuers'][number]
export type KeySourceConfig = ConfigFile['keys'][number]
export type RouteConfig = ConfigFile['routes'][number]
