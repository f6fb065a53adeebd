import test from 'ava'
import { parse } from 'yaml'
import { isMistyped, toChecksum } from '../../src/key/checksum.ts'
import { toDigest } from '../../src/key/digest.ts'
import { mintSecret } from '../../src/key/mint.ts'
import { mintKey } from '../../src/key/new-key.ts'
import { parseSecret } from '../../src/key/secret.ts'
import { parseKeyFile } from '../../src/sources/key-file.ts'

test('the checksum is the CRC-32 in six base62 characters', (t) => {
  t.is(toChecksum(''), '000000')
  // CRC-32 of these nine digits is its check value, 0xCBF43926.
  t.is(toChecksum('123456789'), '3jZRME')
})

test('minted secrets have the documented form, and differ', (t) => {
  const secrets = Array.from({ length: 200 }, mintSecret)
  for (const secret of secrets) {
    t.regex(secret, /^bgk_[0-9A-Za-z]{38}$/)
    t.false(isMistyped(secret))
    t.is(parseSecret(Buffer.from(secret)).kind, 'parsed')
  }
  t.is(new Set(secrets).size, secrets.length)
  // All 62 characters come up in 6,400 draws, or the draw is broken.
  t.is(new Set(secrets.flatMap((secret) => [...secret.slice(4, 36)])).size, 62)
})

test('a slip in a minted secret is told from an unknown secret', (t) => {
  const secret = mintSecret()
  const other = secret.endsWith('A') ? 'B' : 'A'
  t.true(isMistyped(secret.slice(0, -1)))
  t.true(isMistyped(`${secret}${other}`))
  t.true(isMistyped(secret.slice(0, -1) + other))
  t.true(isMistyped(`bgk_${other}${secret.slice(5)}`) || secret[4] === other)
  t.true(isMistyped('bgk_'))
  t.false(isMistyped('another-kind-of-secret'))
})

const refused = (content: string | Uint8Array): string => {
  const secret = parseSecret(Buffer.from(content))
  return secret.kind === 'refused' ? secret.reason : 'parsed'
}

test('one final newline is dropped from a secret, nothing else', (t) => {
  const digest = toDigest('0123456789abcdef')
  for (const ending of ['', '\n', '\r\n']) {
    t.deepEqual(parseSecret(Buffer.from(`0123456789abcdef${ending}`)), { kind: 'parsed', digest })
  }
  t.regex(refused('0123456789abcdef\n\n'), /line break/)
  t.regex(refused(' 0123456789abcdef'), /holds a space/)
})

test('secrets that are weak, or could never match, are refused with a reason', (t) => {
  t.is(refused(''), 'it is empty')
  t.is(refused('\n'), 'it is empty')
  t.is(refused('0123456789abcde'), 'it is shorter than 16 bytes: too easy to guess')
  t.is(refused('Bearer 0123456789abcdef'), 'it starts with "Bearer ": store the secret alone')
  t.is(refused('bearer\t0123456789abcdef'), 'it starts with "Bearer ": store the secret alone')
  t.is(refused('x'.repeat(4097)), 'it is longer than 4096 bytes: no secret')
  t.regex(refused('0123456789abcdé'), /no bearer can carry/)
  t.regex(refused(Buffer.from([0xff, ...Buffer.from('0123456789abcdef')])), /no bearer can carry/)
})

test('a new key is a record that a key set takes, and a manifest with the same', (t) => {
  const { secret, record, manifest } = mintKey({
    id: 'Team X',
    scopes: ['a', 'b'],
    expires: '2030-01-31T00:00:00.000Z',
  })
  const expected = {
    id: 'Team X',
    digest: toDigest(secret),
    scopes: ['a', 'b'],
    expires: Date.UTC(2030, 0, 31),
    disabled: false,
  }
  t.deepEqual(parseKeyFile('k.yaml', Buffer.from(`keys:\n${record}`)), { kind: 'parsed', records: [expected] })

  const { metadata, stringData } = parse(manifest) as {
    metadata: { name: string }
    stringData: Record<string, string>
  }
  t.is(metadata.name, 'bearergate-key-team-x')
  const [[name, content] = ['', '']] = Object.entries(stringData)
  t.deepEqual(parseKeyFile(name, Buffer.from(content)), { kind: 'parsed', records: [expected] })
  t.false(manifest.includes(secret) || record.includes(secret))
})

test('a manifest is read alike by YAML 1.1, as Kubernetes reads it, where a bare yes is no text', (t) => {
  const { manifest } = mintKey({ id: 'no' })
  t.deepEqual(parse(manifest, { version: '1.1' }), parse(manifest))
  t.deepEqual(parse(manifest, { version: '1.1' }).metadata.labels, { 'bearergate.dev/keys': 'yes' })
})
