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

test('a broken annotation refuses the Secret: its last good keys stay, none at first', (t) => {
  const data = { ci: encode('the-secret-of-ci-0123') }
  const broken = toSecretKeys(toSecret(data, { expires: 'tomorrow', scopes: 'a"b' }))
  t.deepEqual(broken.groups, [])
  t.deepEqual(broken.problems, [
    'gate/s: bearergate.dev/scopes: a scope is visible ASCII without space, " and \\',
    'gate/s: bearergate.dev/expires: write an RFC 3339 time, such as 2030-01-31T00:00:00Z',
  ])
  const good = toSecretKeys(toSecret(data), broken)
  t.deepEqual(good.problems, [])
  const again = toSecretKeys(toSecret({}, { expires: 'tomorrow' }), good)
  t.deepEqual(again.groups, good.groups)
  t.is(again.problems.length, 1)
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
