import test from 'ava'
import { toDigest } from '../../src/key/digest.ts'
import type { Secret } from '../../src/kubernetes/secret.ts'
import { type SecretKeys, toSecretKeys } from '../../src/sources/secret-keys.ts'

const encode = (text: string): string => Buffer.from(text).toString('base64')
const END = Date.parse('2030-01-31T00:00:00Z')

let version = 0
const toSecret = (
  data: Readonly<Record<string, string | null>>,
  annotations: Readonly<Record<string, string>> = {},
): Secret => {
  version += 1
  const named = Object.fromEntries(Object.entries(annotations).map(([name, text]) => [`bearergate.dev/${name}`, text]))
  return {
    metadata: { namespace: 'gate', name: 's', resourceVersion: `${version}`, annotations: { ...named, other: 'x' } },
    data,
  }
}

const recordsOf = ({ groups }: SecretKeys) => groups.flatMap(({ records }) => records)

test('annotations give plain secrets their scopes, end them and disable them', (t) => {
  const secret = toSecret(
    { ci: encode('the-secret-of-ci-0123') },
    { scopes: 'a, b,', expires: '2030-01-31T01:00:00+01:00', disabled: 'true' },
  )
  t.deepEqual(toSecretKeys(secret).groups, [
    {
      origin: 'gate/s/ci',
      records: [
        { id: 'ci', digest: toDigest('the-secret-of-ci-0123'), scopes: ['a', 'b'], disabled: true, expires: END },
      ],
    },
  ])
})

test('for a key set annotations only take away: scopes are its own, the earlier end counts, disabled is disabled', (t) => {
  const digest = (last: string) => `sha256:${'0'.repeat(63)}${last}`
  const keys = [
    { id: 'a', digest: digest('a'), scopes: ['own'], expires: '2029-01-01T00:00:00Z' },
    { id: 'b', digest: digest('b'), expires: '2031-01-01T00:00:00Z' },
    { id: 'c', digest: digest('c'), disabled: true },
  ]
  const data = { 'keys.json': encode(JSON.stringify({ keys })) }
  const records = recordsOf(
    toSecretKeys(toSecret(data, { scopes: 'more', expires: '2030-01-31T00:00:00Z', disabled: 'false' })),
  )
  t.deepEqual(
    records.map(({ scopes, expires, disabled }) => [scopes, expires, disabled]),
    [
      [['own'], Date.parse('2029-01-01T00:00:00Z'), false],
      [[], END, false],
      [[], END, true],
    ],
  )
  t.deepEqual(
    recordsOf(toSecretKeys(toSecret(data, { disabled: 'true' }))).map(({ disabled }) => disabled),
    [true, true, true],
  )
})

test('a mistyped bearergate.dev/disabled disables: only "false" is on', (t) => {
  for (const text of ['True', 'yes', '', 'ture', '1']) {
    const [record] = recordsOf(toSecretKeys(toSecret({ ci: encode('the-secret-of-ci-0123') }, { disabled: text })))
    t.true(record?.disabled, text)
  }
})

test('a broken annotation that never had a good value refuses the keys of the Secret, until it has one', (t) => {
  const data = { ci: encode('the-secret-of-ci-0123') }
  const broken = toSecretKeys(toSecret(data, { expires: 'tomorrow', scopes: 'a"b' }))
  t.deepEqual(broken.groups, [])
  t.deepEqual(broken.problems, [
    'gate/s: bearergate.dev/scopes: a scope is visible ASCII without space, " and \\',
    'gate/s: bearergate.dev/expires: write an RFC 3339 time, such as 2030-01-31T00:00:00Z',
  ])
  const good = toSecretKeys(toSecret(data), broken)
  t.deepEqual(good.problems, [])
  t.deepEqual(
    recordsOf(good).map(({ id }) => id),
    ['ci'],
  )
  const half = toSecretKeys(toSecret(data, { scopes: 'a' }), toSecretKeys(toSecret(data, { scopes: 'a"b' })))
  t.deepEqual(recordsOf(half)[0]?.scopes, ['a'])
})

test('H3: a broken expires or scopes keeps its own last good value, and no other', (t) => {
  const data = { ci: encode('the-secret-of-ci-0123') }
  const good = toSecretKeys(toSecret(data, { expires: '2030-01-31T00:00:00Z', scopes: 'a' }))
  const badEnd = toSecretKeys(toSecret(data, { expires: 'tomorrow', scopes: 'b' }), good)
  t.deepEqual(
    recordsOf(badEnd).map(({ scopes, expires }) => [scopes, expires]),
    [[['b'], END]],
  )
  t.is(badEnd.problems.length, 1)
  const both = toSecretKeys(toSecret(data, { expires: 'tomorrow', scopes: 'a"b' }), badEnd)
  t.deepEqual(
    recordsOf(both).map(({ scopes, expires }) => [scopes, expires]),
    [[['b'], END]],
  )
  t.is(both.problems.length, 2)
  const badScopes = toSecretKeys(toSecret(data, { scopes: 'a"b' }), both)
  t.deepEqual(
    recordsOf(badScopes).map(({ scopes, expires }) => [scopes, expires]),
    [[['b'], undefined]],
  )
  const endless = toSecretKeys(toSecret(data, { expires: 'tomorrow' }), badScopes)
  t.deepEqual(
    recordsOf(endless).map(({ scopes, expires }) => [scopes, expires]),
    [[[], undefined]],
  )
})

test('H3: bearergate.dev/disabled counts while another annotation is broken', (t) => {
  const data = { ci: encode('the-secret-of-ci-0123') }
  const good = toSecretKeys(toSecret(data))
  const off = toSecretKeys(toSecret(data, { expires: 'tomorrow', scopes: 'a"b', disabled: 'true' }), good)
  t.deepEqual(
    recordsOf(off).map(({ disabled }) => disabled),
    [true],
  )
  const on = toSecretKeys(toSecret(data, { expires: 'tomorrow' }), off)
  t.deepEqual(
    recordsOf(on).map(({ disabled }) => disabled),
    [false],
  )
})

test('H3: entries that come, change and go count while an annotation is broken', (t) => {
  const good = toSecretKeys(toSecret({ gone: encode('the-secret-gone-0123'), ci: encode('the-secret-of-ci-0123') }))
  const data = { ci: encode('the-next-of-ci-0123'), more: encode('the-secret-more-0123') }
  const broken = toSecretKeys(toSecret(data, { expires: 'tomorrow' }), good)
  t.deepEqual(
    recordsOf(broken).map(({ id, digest }) => [id, digest]),
    [
      ['ci', toDigest('the-next-of-ci-0123')],
      ['more', toDigest('the-secret-more-0123')],
    ],
  )
  t.deepEqual(toSecretKeys(toSecret({}, { expires: 'tomorrow' }), broken).groups, [])
})

test('L3: a Secret that was deleted and made again inherits nothing', (t) => {
  const withUid = (secret: Secret, uid: string): Secret => ({ ...secret, metadata: { ...secret.metadata, uid } })
  const good = toSecretKeys(withUid(toSecret({ ci: encode('the-secret-of-ci-0123') }), 'one'))
  const broken = toSecret({ ci: encode('short') })
  t.is(recordsOf(toSecretKeys(withUid(broken, 'one'), good)).length, 1)
  t.deepEqual(recordsOf(toSecretKeys(withUid(broken, 'two'), good)), [])
  t.deepEqual(recordsOf(toSecretKeys(broken, good)), [])
  const annotated = toSecret({ ci: encode('the-secret-of-ci-0123') }, { expires: 'tomorrow' })
  t.is(recordsOf(toSecretKeys(withUid(annotated, 'one'), good)).length, 1)
  t.deepEqual(recordsOf(toSecretKeys(withUid(annotated, 'two'), good)), [])
})

test('the last good keys of a broken entry follow the annotations', (t) => {
  const good = toSecretKeys(toSecret({ ci: encode('the-secret-of-ci-0123') }))
  const broken = toSecretKeys(toSecret({ ci: encode('short') }, { disabled: 'true' }), good)
  t.is(recordsOf(broken)[0]?.disabled, true)
  t.deepEqual(broken.problems, ['gate/s/ci: it is shorter than 16 bytes: too easy to guess'])
})

test('an empty Secret has no keys, an empty entry is refused, and one version is read once', (t) => {
  t.deepEqual(toSecretKeys({ ...toSecret({}), data: null }).groups, [])
  t.deepEqual(toSecretKeys(toSecret({ ci: null })).problems, ['gate/s/ci: it is empty'])
  const secret = toSecret({ ci: encode('the-secret-of-ci-0123') })
  const keys = toSecretKeys(secret)
  t.is(toSecretKeys(secret, keys), keys)
})
