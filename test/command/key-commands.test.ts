import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { parse } from 'yaml'
import { runKeyInspect } from '../../src/command/key-inspect.ts'
import { toDigest, toStoredDigest } from '../../src/key/digest.ts'
import { makeFolder } from '../fixtures/folder.ts'
import { type Result, runCommand, secretOf } from './run-command.ts'

const CRASH = fileURLToPath(new URL('../editors/crash-before-rename.mjs', import.meta.url))
const DAY = 86_400_000
const NOW = Date.UTC(2030, 0, 1)

interface Desk {
  readonly folder: string
  readonly path: (name: string) => string
  /** `bearergate key COMMAND --config …`. */
  readonly key: (command: string, ...args: readonly string[]) => Promise<Result>
  readonly inspect: (secret: string, ...args: readonly string[]) => Promise<Result>
}

const openDesk = (t: ExecutionContext, keys = '[{directory: ./keys}]'): Desk => {
  const folder = makeFolder(t)
  const config = join(folder, 'bearergate.yaml')
  mkdirSync(join(folder, 'keys'))
  writeFileSync(config, `keys: ${keys}\nroutes: [{rule: public}]\n`)
  return {
    folder,
    path: (name) => join(folder, 'keys', name),
    key: (command, ...args) => runCommand(['key', command, ...args, '--config', config]),
    inspect: (input, ...args) => runCommand(['key', 'inspect', ...args, '--config', config], { input }),
  }
}

test('a key is made, listed, rotated, disabled, enabled and revoked, and inspect follows', async (t) => {
  const { folder, path, key, inspect } = openDesk(t)
  const made = await key('new', '--id', 'ci', '--scopes', 'a,b', '--claim', 'owner=alice', '--hosts', 'api.example.com')
  const first = secretOf(made)
  t.deepEqual([made.code, made.out], [0, `ci: stored in ${path('ci.yaml')}\n`])
  const digest = toStoredDigest(first)
  const stored = { id: 'ci', digest, scopes: ['a', 'b'], hosts: ['api.example.com'], claims: { owner: 'alice' } }
  const read = () => parse(readFileSync(path('ci.yaml'), 'utf8')).keys[0]
  t.deepEqual(read(), stored)

  const rotated = await key('rotate', '--id', 'ci')
  const second = secretOf(rotated)
  const [replaced] = read().previous
  t.deepEqual(read(), { ...stored, digest: toStoredDigest(second), previous: [replaced] })
  t.is(replaced.digest, digest)
  t.true(Math.abs(Date.parse(replaced.expires) - Date.now() - DAY) < 60_000)
  t.is(rotated.out, `ci: rotated in ${path('ci.yaml')}. Old secrets are good until ${replaced.expires}.\n`)

  const listed = await key('list')
  t.is(
    listed.out,
    [
      'ID  STATE               SCOPES  EXPIRES  LAST USED  ORIGIN',
      `ci  active, 1 replaced  a,b     never    -          ${path('ci.yaml')}`,
      '',
    ].join('\n'),
  )
  const details = {
    origin: path('ci.yaml'),
    source: join(folder, 'keys'),
    scopes: ['a', 'b'],
    hosts: ['api.example.com'],
  }
  const common = { id: 'ci', ...details, claims: { owner: 'alice' } }
  const old = await inspect(`${first}\n`, '--json')
  t.is(old.code, 0)
  const { expires } = replaced
  t.deepEqual(JSON.parse(old.out), {
    ...common,
    passes: true,
    reason: 'verified',
    secret: 'replaced',
    goodUntil: expires,
  })
  t.deepEqual(JSON.parse((await inspect(second, '--json')).out), {
    ...common,
    passes: true,
    reason: 'verified',
    secret: 'current',
  })
  t.is((await inspect(second, '--host', 'api.example.com')).code, 0)
  t.regex(
    (await inspect(second, '--host', 'other.example.com')).out,
    /^ci would not pass: it is not good for this host/,
  )

  t.is((await key('disable', '--id', 'ci')).out, `ci: disabled in ${path('ci.yaml')}\n`)
  const disabled = await inspect(second)
  t.is(disabled.code, 1)
  t.regex(disabled.out, /^ci would not pass: the key is disabled\n {2}origin: /)
  t.is(JSON.parse((await key('list', '--json')).out)[0].state, 'disabled')
  t.is((await key('enable', '--id', 'ci')).code, 0)

  const last = await key('rotate', '--id', 'ci', '--overlap', '0s')
  t.regex(last.out, /No old secret is good any more/)
  for (const secret of [first, second]) {
    t.deepEqual(await inspect(secret), { code: 1, out: 'The secret would not pass: no source has it\n', err: '' })
  }
  t.deepEqual(await key('revoke', '--id', 'ci'), { code: 0, out: `ci: removed from ${path('ci.yaml')}\n`, err: '' })
  t.is((await inspect(secretOf(last))).code, 1)
  t.is((await key('revoke', '--id', 'ci')).code, 1)

  const shown = [made, rotated, listed, old, disabled, last].map(({ out }) => out).join()
  for (const secret of [first, second, secretOf(last)]) {
    t.false(shown.includes(secret) || shown.includes(toDigest(secret)))
  }
})

test('inspect says why a secret would not pass', async (t) => {
  const { folder, path } = openDesk(t, '[{directory: ./keys}, {file: more.json}]')
  const config = join(folder, 'bearergate.yaml')
  const secret = (id: string): string => `the-secret-of-${id}-0123456789`
  const entry = (id: string, more: object = {}) => ({ id, digest: toStoredDigest(secret(id)), ...more })
  const keys = [
    entry('expired', { expires: '2030-01-01T00:00:00Z' }),
    entry('early', { notBefore: '2030-01-02T00:00:00Z' }),
    entry('old', {
      digest: toStoredDigest('x'),
      previous: [{ ...entry('old'), id: undefined, expires: '2030-01-01T00:00:00Z' }],
    }),
  ]
  writeFileSync(path('team.json'), JSON.stringify({ keys }))
  writeFileSync(path('plain'), secret('plain'))
  writeFileSync(
    join(folder, 'more.json'),
    JSON.stringify({ keys: [entry('early', { digest: toStoredDigest(secret('twin')) })] }),
  )
  const reasonOf = async (input: string, now = NOW): Promise<string> =>
    JSON.parse((await runKeyInspect({ config, json: true }, Buffer.from(input), now)).out ?? '').reason
  t.is(await reasonOf(secret('expired')), 'expired_key')
  t.is(await reasonOf(secret('expired'), NOW - 1), 'verified')
  t.is(await reasonOf(secret('early')), 'premature_key')
  t.is(await reasonOf(secret('early'), NOW + DAY), 'verified')
  t.is(await reasonOf(secret('old')), 'expired_key')
  t.is(await reasonOf(secret('plain')), 'verified')
  t.is(await reasonOf(secret('unknown')), 'unknown_key')
  t.is(await reasonOf(secret('twin')), 'unknown_key')
  t.is(await reasonOf('bgk_0123'), 'mistyped_key')
  t.is(await reasonOf(''), 'malformed_credential')
  t.is(await reasonOf(`${secret('plain')} `), 'malformed_credential')
  t.is(await reasonOf('eyJhbGciOiJFUzI1NiJ9.e30.AAAA'), 'access_token')
})

test('a broken file is named on standard error, and the others are listed', async (t) => {
  const { path, key, inspect } = openDesk(t)
  writeFileSync(path('team.yaml'), 'keys: [{id: a}]\n')
  writeFileSync(path('plain'), 'the-secret-of-plain-0123456789')
  const problem = `${path('team.yaml')}:1:8: keys[0].digest: is missing\n`
  const { code, out, err } = await key('list', '--json')
  t.deepEqual([code, JSON.parse(out).map(({ id }: { id: string }) => id), err], [0, ['plain'], problem])
  t.deepEqual(await inspect('0123456789abcdef'), {
    code: 1,
    out: 'The secret would not pass: no source has it\n',
    err: problem,
  })
})

test('a source that is out of reach makes a list that is not whole, and a secret that cannot be judged', async (t) => {
  const { folder, path, key } = openDesk(t, '[{directory: ./keys}, {directory: ./absent}]')
  writeFileSync(path('plain'), 'the-secret-of-plain-0123456789')
  const listed = await key('list', '--json')
  t.deepEqual([listed.code, JSON.parse(listed.out).length], [69, 1])
  t.regex(listed.err, /absent: ENOENT/)
  const inspect = async (secret: string) => {
    const options = { config: join(folder, 'bearergate.yaml'), json: true }
    const { code, out } = await runKeyInspect(options, Buffer.from(secret), NOW)
    return [code, JSON.parse(out ?? '').reason]
  }
  t.deepEqual(await inspect('the-secret-of-plain-0123456789'), [0, 'verified'])
  t.deepEqual(await inspect('the-secret-of-nobody-0123456789'), [69, 'keys_unavailable'])
})

test('a Redis that is away holds no other source up, and a change of it is refused', async (t) => {
  const { path, key } = openDesk(t, '[{directory: ./keys}, {redis: {url: "redis://127.0.0.1:1"}}]')
  writeFileSync(path('plain'), 'the-secret-of-plain-0123456789')
  const listed = await key('list', '--json')
  t.deepEqual([listed.code, JSON.parse(listed.out).length], [69, 1])
  t.regex(listed.err, /^redis cannot be reached: .*ECONNREFUSED/)
  t.is((await key('new', '--id', 'ci', '--source', 'redis')).code, 1)
  t.is((await key('new', '--id', 'ci', '--source', './keys')).code, 0)
})

test('where there are several sources a new key needs --source, and an id belongs to one', async (t) => {
  const { folder, path, key } = openDesk(t, '[{directory: ./keys}, {file: more.yaml}]')
  const names = `  ${join(folder, 'keys')}\n  ${join(folder, 'more.yaml')}\n`
  const undecided = await key('new', '--id', 'ci')
  t.deepEqual(undecided, {
    code: 64,
    out: '',
    err: `There are several key sources: choose one with --source\n${names}`,
  })
  t.regex((await key('new', '--id', 'ci', '--source', 'nowhere')).err, /has no key source nowhere\. It has:\n/)
  const made = await key('new', '--id', 'ci', '--source', './more.yaml')
  t.is(made.out, `ci: stored in ${join(folder, 'more.yaml')}\n`)
  const twin = await key('new', '--id', 'ci', '--source', join(folder, 'keys'))
  t.deepEqual([twin.code, twin.err], [1, `${join(folder, 'more.yaml')} has a key ci already\n`])
  t.is((await key('rotate', '--id', 'ci')).code, 0)
  t.deepEqual(await key('disable', '--id', 'bob'), { code: 1, out: '', err: 'no source has a key bob\n' })
  t.deepEqual(readdirSync(path('.')), [])
})

test('wrong usage exits with 64, a bad configuration with 78, and each command has help with an example', async (t) => {
  const { folder, key } = openDesk(t, '[]')
  const code = async (...args: readonly string[]) => (await runCommand(['key', ...args])).code
  t.is(await code('rotate', '--id', 'ci'), 64)
  t.is(await code('list'), 64)
  t.is(await code('new', '--id', 'ci', '--file', 'x.yaml'), 64)
  t.is(await code('new', '--id', 'ci', '--kubernetes', '--config', 'x'), 64)
  t.is(await code('new', '--id', 'ci', '--claim', 'owner'), 64)
  t.is(await code('new', '--id', 'ci', '--hosts', 'http://a'), 64)
  t.is(await code('new', '--id', 'ci', '--expires', '1d', '--not-before', '2d'), 64)
  t.is((await key('rotate', '--id', 'ci', '--overlap', 'long')).code, 64)
  t.is((await key('list')).code, 78)
  t.is(await code('list', '--config', join(folder, 'absent.yaml')), 78)
  for (const command of ['new', 'list', 'rotate', 'disable', 'enable', 'revoke', 'inspect']) {
    const help = await runCommand(['key', command, '--help'])
    t.is(help.code, 0)
    t.regex(help.out, new RegExp(`^Usage: bearergate key ${command} [\\s\\S]*Examples?: bearergate key ${command} `))
  }
})

test('a rotation of an expired or disabled key says that its new secret will not pass', async (t) => {
  const { path, key } = openDesk(t)
  const entry = { id: 'ci', digest: toStoredDigest('a'), expires: '2020-01-01T00:00:00Z' }
  writeFileSync(
    path('team.json'),
    JSON.stringify({ keys: [entry, { ...entry, id: 'off', digest: toStoredDigest('b'), disabled: true }] }),
  )
  const expired = await key('rotate', '--id', 'ci')
  t.regex(expired.err, /expired at 2020-01-01T00:00:00Z: the new secret passes with a new time, --expires 90d/)
  t.regex(expired.out, /No old secret is good any more/)
  t.regex((await key('rotate', '--id', 'off')).err, /The key is disabled/)
  t.false((await key('rotate', '--id', 'ci', '--expires', '90d')).err.includes('expired at'))
})

test('a mounted Secret is refused with a way out', async (t) => {
  const { path, key } = openDesk(t)
  mkdirSync(path('..1'))
  writeFileSync(path('..1/ci'), 'the-secret-of-ci-0123456789')
  symlinkSync('..1', path('..data'))
  symlinkSync('..data/ci', path('ci'))
  for (const [command, ...args] of [
    ['new', '--id', 'x'],
    ['revoke', '--id', 'ci'],
    ['disable', '--id', 'ci'],
  ]) {
    const { code, out, err } = await key(command ?? '', ...args)
    t.deepEqual([code, out], [1, ''])
    t.regex(err, /it is a mounted Kubernetes Secret, which cannot be changed here: configure the source as kubernetes/)
  }
})

test('many processes at once lose nothing, though a dead one left its lock', async (t) => {
  const { folder, path, key } = openDesk(t)
  await key('new', '--id', 'shared', '--file', 'team.yaml')
  writeFileSync(path('team.yaml'), `# the team\n${readFileSync(path('team.yaml'), 'utf8')}`)
  const crashed = await runCommand(['key', 'disable', '--id', 'shared', '--config', join(folder, 'bearergate.yaml')], {
    preload: CRASH,
  })
  t.is(crashed.code, 'SIGKILL')
  const ids = ['a', 'b', 'c', 'd']
  const results = await Promise.all([
    ...ids.map((id) => key('new', '--id', id, '--file', 'team.yaml')),
    ...ids.map(() => key('rotate', '--id', 'shared')),
  ])
  for (const { code, err } of results) t.is(code, 0, err)
  const text = readFileSync(path('team.yaml'), 'utf8')
  t.true(text.startsWith('# the team\n'))
  const [shared, ...others] = parse(text).keys as { id: string; digest: string; previous: { digest: string }[] }[]
  t.deepEqual(others.map(({ id }) => id).sort(), ids)
  t.deepEqual(
    others.map(({ digest }) => digest).sort(),
    results
      .slice(0, 4)
      .map((result) => toStoredDigest(secretOf(result)))
      .sort(),
  )
  const digests = [shared?.digest, ...(shared?.previous ?? []).map(({ digest }) => digest)]
  t.is(digests.length, 5)
  for (const result of results.slice(4)) t.true(digests.includes(toStoredDigest(secretOf(result))))
  t.deepEqual(readdirSync(path('.')), ['team.yaml'])
})

test('a crash between write and rename leaves the old file, and the next edit goes through', async (t) => {
  const { folder, path, key } = openDesk(t)
  await key('new', '--id', 'ci')
  const before = readFileSync(path('ci.yaml'))
  const config = join(folder, 'bearergate.yaml')
  const crashed = await runCommand(['key', 'rotate', '--id', 'ci', '--config', config], { preload: CRASH })
  t.is(crashed.code, 'SIGKILL')
  t.true(readFileSync(path('ci.yaml')).equals(before))
  t.deepEqual(readdirSync(path('.')), ['.bearergate.lock', '.ci.yaml.new', 'ci.yaml'])
  t.is((await key('rotate', '--id', 'ci')).code, 0)
  t.false(readFileSync(path('ci.yaml')).equals(before))
  t.deepEqual(readdirSync(path('.')), ['ci.yaml'])
})
