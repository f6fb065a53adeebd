import test from 'ava'
import { type KeyEntry, toRecords } from '../../src/sources/key-entry.ts'
import { judgeKey } from '../../src/verify/judge-key.ts'

const NOW = Date.UTC(2030, 0, 1)
const at = (days: number): string => new Date(NOW + days * 86_400_000).toISOString()
const digest = (digit: string): string => `sha256:${digit.repeat(64)}`

const tell = (entry: Partial<KeyEntry>, { secret = 0, host = 'a.example.com', now = NOW } = {}): string => {
  const record = toRecords({ id: 'ci', digest: digest('a'), ...entry })[secret]
  if (!record) return 'no record'
  const verification = judgeKey(record, host, now)
  return verification.kind === 'rejected' ? `${verification.reason} ${verification.keyId}` : verification.kind
}

test('a key is good from notBefore on', (t) => {
  t.is(tell({ notBefore: at(1) }), 'premature_key ci')
  t.is(tell({ notBefore: at(0) }), 'verified')
})

test('a key that names hosts is good for these alone', (t) => {
  const hosts = ['A.example.com', '*.apps.example.com']
  t.is(tell({ hosts }), 'verified')
  t.is(tell({ hosts }, { host: 'blue.apps.example.com' }), 'verified')
  t.is(tell({ hosts }, { host: 'apps.example.com' }), 'wrong_host ci')
  t.is(tell({ hosts }, { host: 'b.example.com' }), 'wrong_host ci')
  const [record] = toRecords({ id: 'ci', digest: digest('a'), hosts })
  t.is(record && judgeKey(record, undefined, NOW).kind, 'rejected')
})

test('a replaced secret is good until its own time, and never longer than its key', (t) => {
  const previous = [{ digest: digest('b'), expires: at(1) }]
  t.is(tell({ previous }, { secret: 1 }), 'verified')
  t.is(tell({ previous }, { secret: 1, now: NOW + 86_400_000 }), 'expired_key ci')
  t.is(tell({ previous }, { now: NOW + 86_400_000 }), 'verified')
  t.is(tell({ previous, expires: at(0) }, { secret: 1 }), 'expired_key ci')
  t.is(tell({ previous, disabled: true }, { secret: 1 }), 'disabled_key ci')
})

test('all secrets of a key have its id, scopes and claims', (t) => {
  const previous = [{ digest: digest('b'), expires: at(1) }]
  const records = toRecords({
    id: 'ci',
    digest: digest('a'),
    previous,
    scopes: ['read'],
    claims: { team: 'x', seats: 3 },
  })
  for (const record of records) {
    const verification = judgeKey(record, 'a.example.com', NOW)
    t.deepEqual(verification.kind === 'verified' && verification.principal, {
      kind: 'key',
      subject: 'ci',
      keyId: 'ci',
      scopes: ['read'],
      claims: new Map<string, unknown>([
        ['team', 'x'],
        ['seats', 3],
      ]),
    })
  }
})
