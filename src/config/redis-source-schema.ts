import * as z from 'zod'
import { duration, file, line } from './fields.ts'

const isServerUrl = (text: string): boolean => {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, username, password, pathname, search, hash } = new URL(text)
  if (protocol !== 'redis:' && protocol !== 'rediss:') return false
  return hostname !== '' && !username && !password && !search && !hash && (pathname === '' || pathname === '/')
}

/** Where a server is. User, password and database have fields of their own. */
const url = z
  .string()
  .refine(
    isServerUrl,
    'write rediss://host:port or redis://host:port and nothing after it: user, password and database have fields',
  )

const SECOND = 1_000

/** A Redis (or Valkey) that holds keys, one record a secret. */
export const redisSource = z
  .strictObject({
    url: url.optional().describe('One server: rediss://host:port, or redis:// on this machine.'),
    sentinel: z
      .strictObject({
        name: line.describe('The name that the Sentinels have for the servers.'),
        urls: z.array(url).min(1, 'the list is empty'),
        username: line.optional(),
        passwordFile: file.optional(),
      })
      .optional()
      .describe('Sentinels, which know the server.'),
    cluster: z.array(url).min(1, 'the list is empty').optional().describe('Nodes of a Redis Cluster.'),
    plaintext: z
      .boolean()
      .default(false)
      .describe('Allows redis:// to other machines: whoever is between can forge keys.'),
    username: line.optional().describe('The ACL user; default without.'),
    passwordFile: file.optional(),
    caFile: file.optional().describe('The CA of the servers, where it is none that Node.js knows.'),
    serverName: line.optional().describe('The name in the certificates, where servers are reached by address.'),
    database: z.int().min(0).max(1_000_000).default(0),
    prefix: z
      .string()
      .regex(/^[\w.:{}-]{1,64}$/, 'write 1 to 64 of the characters A-Z a-z 0-9 . : _ - { }')
      .default('bearergate:')
      .describe('How all names in Redis start.'),
    cache: z.int().min(1).max(1_000_000).default(10_000).describe('How many records are kept in memory.'),
    ttl: duration('60s').describe('How long a record is kept without being asked for anew.'),
    maxStale: duration('5s').describe('How long records that were read before are used when Redis is lost.'),
    lastUse: z.boolean().default(true).describe('Writes when each key was last used.'),
  })
  .superRefine((redis, context) => {
    const { url: single, sentinel, cluster } = redis
    const complain = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message })
    if ([single, sentinel, cluster].filter((place) => place !== undefined).length !== 1) {
      complain([], 'write one of url, sentinel and cluster')
    }
    const urls = [...(single ? [single] : []), ...(sentinel?.urls ?? []), ...(cluster ?? [])].filter(isServerUrl)
    if (new Set(urls.map((text) => new URL(text).protocol)).size > 1)
      complain([], 'write all URLs with redis://, or all with rediss://')
    if (!redis.plaintext && urls.some((text) => !isSafe(text))) {
      complain([], 'redis:// is for this machine: write rediss://, or plaintext: true to trust the network in between')
    }
    if (redis.username !== undefined && redis.passwordFile === undefined) {
      complain(['username'], 'a user needs a passwordFile')
    }
    // Redis Cluster specification, hash tags: a change of several records is one step only where all are in one slot.
    if (cluster && !/\{[^{}]+\}/.test(redis.prefix)) {
      complain(['prefix'], 'in a cluster the prefix holds a hash tag, such as "{bearergate}:"')
    }
    if (cluster && redis.database !== 0) complain(['database'], 'a cluster has database 0 alone')
    if (redis.maxStale < 2 * SECOND)
      complain(['maxStale'], 'write 2s or more: it takes a second to see that Redis is lost')
  })

export type RedisSourceConfig = z.output<typeof redisSource>

/** The same with absolute paths. */
export const withAbsolutePaths = (redis: RedisSourceConfig, at: (path: string) => string): RedisSourceConfig => ({
  ...redis,
  ...(redis.passwordFile && { passwordFile: at(redis.passwordFile) }),
  ...(redis.caFile && { caFile: at(redis.caFile) }),
  ...(redis.sentinel?.passwordFile && {
    sentinel: { ...redis.sentinel, passwordFile: at(redis.sentinel.passwordFile) },
  }),
})

/** Keys come over TLS, or from this machine. */
const isSafe = (text: string): boolean => {
  const { protocol, hostname } = new URL(text)
  return protocol === 'rediss:' || /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname)
}
