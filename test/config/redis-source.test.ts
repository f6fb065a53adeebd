import test from 'ava'
import { redisSource } from '../../src/config/redis-source-schema.ts'

/** What is wrong with these settings: `field: message`. */
const judge = (settings: object): readonly string[] => {
  const parsed = redisSource.safeParse(settings)
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
}

test('one server over TLS, or on this machine, needs its URL alone', (t) => {
  for (const url of [
    'rediss://redis.example.com',
    'rediss://10.0.0.1:6380/',
    'redis://localhost:6379',
    'redis://[::1]',
  ]) {
    t.deepEqual(judge({ url }), [], url)
  }
  t.deepEqual(redisSource.parse({ url: 'redis://127.0.0.1' }), {
    url: 'redis://127.0.0.1',
    plaintext: false,
    database: 0,
    prefix: 'bearergate:',
    cache: 10_000,
    ttl: 60_000,
    maxStale: 5_000,
    lastUse: true,
  })
})

test('a URL holds no password, no database and nothing else, and is one of Redis', (t) => {
  const message =
    'url: write rediss://host:port or redis://host:port and nothing after it: user, password and database have fields'
  for (const url of [
    'redis://u:p@localhost',
    'redis://localhost/1',
    'redis://localhost?x=1',
    'http://localhost',
    'x',
  ]) {
    t.deepEqual(judge({ url }), [message], url)
  }
})

test('without TLS another machine is trusted only when the configuration says so', (t) => {
  const message = ': redis:// is for this machine: write rediss://, or plaintext: true to trust the network in between'
  t.deepEqual(judge({ url: 'redis://redis.example.com' }), [message])
  t.deepEqual(judge({ url: 'redis://127.0.0.1.example.com' }), [message])
  t.deepEqual(judge({ url: 'redis://redis.example.com', plaintext: true }), [])
  t.deepEqual(judge({ sentinel: { name: 'keys', urls: ['redis://localhost', 'redis://s2'] } }), [message])
})

test('there is one place, its URLs are alike, and settings that cannot work are refused', (t) => {
  const url = 'rediss://a'
  t.deepEqual(judge({}), [': write one of url, sentinel and cluster'])
  t.deepEqual(judge({ url, cluster: [url], prefix: '{k}:' }), [': write one of url, sentinel and cluster'])
  t.deepEqual(judge({ cluster: [url, 'redis://localhost'], prefix: '{k}:' }), [
    ': write all URLs with redis://, or all with rediss://',
  ])
  t.deepEqual(judge({ cluster: [url] }), ['prefix: in a cluster the prefix holds a hash tag, such as "{bearergate}:"'])
  t.deepEqual(judge({ cluster: [url], prefix: '{k}:', database: 1 }), ['database: a cluster has database 0 alone'])
  t.deepEqual(judge({ url, username: 'gate' }), ['username: a user needs a passwordFile'])
  t.deepEqual(judge({ url, prefix: 'a*' }), ['prefix: write 1 to 64 of the characters A-Z a-z 0-9 . : _ - { }'])
  t.deepEqual(judge({ url, maxStale: '1s' }), [
    'maxStale: write 2s or more: it takes a second to see that Redis is lost',
  ])
})
