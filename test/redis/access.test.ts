import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { redisSource } from '../../src/config/redis-source-schema.ts'
import { createRedisEditor } from '../../src/editors/redis-editor.ts'
import { createAuthority, writeCertificate } from '../fixtures/certificates.ts'
import { eventually } from '../fixtures/eventually.ts'
import { makeFolder } from '../fixtures/folder.ts'
import { digestOf, measure, nameOf, openSource, toEntry, toSet } from './open-source.ts'
import { findPort, startRedis } from './start-redis.ts'

const PASSWORD = 'a password, with # and ü'

/** As docs/redis-keys.md writes them, split at spaces. */
const GATE = '-@all +hello +role +client|tracking +getrange +zadd %R~bearergate:key:* %RW~bearergate:last-use'
const READER = '-@all +hello +role +client|tracking +getrange %R~bearergate:key:*'
const EDITOR =
  '-@all +hello +get +mget +exists +scan +zmscore +watch +unwatch +multi +exec +set +del +zrem ~bearergate:*'

test.serial(
  'the ACL user of the gate: it reads keys, writes the last use, hears of changes, and can do nothing else',
  async (t) => {
    const redis = await startRedis(t)
    const passwordFile = join(makeFolder(t), 'password')
    writeFileSync(passwordFile, `${PASSWORD}\n`)
    await redis.send('ACL', 'SETUSER', 'gate', 'on', `>${PASSWORD}`, ...GATE.split(' '))
    await redis.send(...toSet(toEntry('ci')))
    const { source, ask, reloads } = await openSource(t, { url: redis.url, username: 'gate', passwordFile })
    const lookup = await source.lookUp?.(digestOf('ci'), undefined)
    if (lookup?.kind !== 'found') return t.fail(reloads.join('\n'))
    source.used?.(lookup.record, 1_700_000_000_000)
    await redis.send('DEL', nameOf('ci'))
    t.true((await measure(async () => (await ask('ci')) === 'unknown')) < 1_000)
    t.true(
      await eventually(
        async () => (await redis.send('ZSCORE', 'bearergate:last-use', 'ci')) === '1700000000000',
        7_000,
      ),
    )
    t.deepEqual(source.problems(), [])
    const writing = String(await redis.send('ACL', 'DRYRUN', 'gate', 'SET', nameOf('x'), 'y'))
    t.regex(writing, /has no permissions to run the 'set' command/)
  },
)

test.serial(
  'a user that may only read: keys are good without a last use, and lastUse: false is silent about it',
  async (t) => {
    const redis = await startRedis(t)
    const passwordFile = join(makeFolder(t), 'password')
    writeFileSync(passwordFile, PASSWORD)
    await redis.send('ACL', 'SETUSER', 'reader', 'on', `>${PASSWORD}`, ...READER.split(' '))
    await redis.send(...toSet(toEntry('ci')))
    const settings = { url: redis.url, username: 'reader', passwordFile }
    const told = await openSource(t, settings)
    const silent = await openSource(t, { ...settings, lastUse: false })
    for (const { source } of [told, silent]) {
      const lookup = await source.lookUp?.(digestOf('ci'), undefined)
      if (lookup?.kind !== 'found') return t.fail()
      source.used?.(lookup.record, 1)
    }
    t.true(await eventually(() => /last use: NOPERM/.test(told.source.problems().join()), 7_000))
    t.deepEqual(silent.source.problems(), [])
    t.is(await told.ask('ci'), 'ci')
  },
)

test.serial('the ACL user of the command line adds, changes, lists and removes', async (t) => {
  const redis = await startRedis(t)
  const passwordFile = join(makeFolder(t), 'password')
  writeFileSync(passwordFile, PASSWORD)
  await redis.send('ACL', 'SETUSER', 'editor', 'on', `>${PASSWORD}`, ...EDITOR.split(' '))
  const editor = await createRedisEditor(redisSource.parse({ url: redis.url, username: 'editor', passwordFile }))
  t.teardown(editor.close)
  t.is((await editor.add(toEntry('ci'))).kind, 'done')
  t.is((await editor.change('ci', (entry) => ({ ...entry, disabled: true }))).kind, 'done')
  t.is((await editor.list()).length, 1)
  t.is((await editor.add(toEntry('ci'))).kind, 'refused')
  t.is((await editor.remove('ci')).kind, 'done')
})

test.serial('a change that the server refuses is refused with its reason, and changes nothing', async (t) => {
  const redis = await startRedis(t)
  const editor = await createRedisEditor(redisSource.parse({ url: redis.url }))
  t.teardown(editor.close)
  await redis.send('REPLICAOF', '127.0.0.1', '1')
  const edit = await editor.add(toEntry('ci'))
  t.regex(
    edit.kind === 'refused' ? edit.reason : '',
    /^nothing was changed: .*READONLY|^nothing was changed: EXECABORT/,
  )
  t.is(await redis.send('DBSIZE'), 0)
})

test.serial(
  'a wrong password is an outage that never shows the password, and the changed file is read at the next attempt',
  async (t) => {
    const redis = await startRedis(t)
    const passwordFile = join(makeFolder(t), 'password')
    writeFileSync(passwordFile, 'not-this-one')
    await redis.send('ACL', 'SETUSER', 'gate', 'on', `>${PASSWORD}`, ...GATE.split(' '))
    await redis.send(...toSet(toEntry('ci')))
    const { source, ask, reloads } = await openSource(t, { url: redis.url, username: 'gate', passwordFile })
    t.is(await ask('ci'), 'unavailable')
    t.false(source.isLoaded())
    t.regex(source.problems().join(), /WRONGPASS/)
    t.false([...source.problems(), ...reloads].join().includes('not-this-one'))
    writeFileSync(passwordFile, PASSWORD)
    t.true((await measure(async () => (await ask('ci')) === 'ci')) < 4_000)
  },
)

test.serial('TLS: the server must show a certificate of the CA for its name', async (t) => {
  const folder = makeFolder(t)
  const authority = await createAuthority('redis')
  const { certificateFile, keyFile } = writeCertificate(folder, await authority.issue('gate.test'))
  const caFile = join(folder, 'ca.pem')
  const otherCaFile = join(folder, 'other.pem')
  writeFileSync(caFile, authority.certificate)
  writeFileSync(otherCaFile, (await createAuthority('other')).certificate)
  const port = await findPort()
  const redis = await startRedis(t, {
    'tls-port': `${port}`,
    'tls-cert-file': certificateFile,
    'tls-key-file': keyFile,
    'tls-ca-cert-file': caFile,
    'tls-auth-clients': 'no',
  })
  await redis.send(...toSet(toEntry('ci')))
  const url = `rediss://127.0.0.1:${port}`
  const { ask } = await openSource(t, { url, caFile, serverName: 'gate.test' })
  t.is(await ask('ci'), 'ci')
  await redis.send('DEL', nameOf('ci'))
  t.true((await measure(async () => (await ask('ci')) === 'unknown')) < 1_000)

  for (const [settings, problem] of [
    [{ url, caFile }, /does not match certificate's altnames/],
    [{ url, caFile: otherCaFile, serverName: 'gate.test' }, /unable to verify the first certificate|signed/],
    [{ url, serverName: 'gate.test' }, /unable to verify the first certificate|signed/],
    [{ url, caFile: join(folder, 'none.pem') }, /ENOENT/],
  ] as const) {
    const refused = await openSource(t, settings)
    t.is(await refused.ask('ci'), 'unavailable')
    t.regex(refused.source.problems().join(), problem)
  }
})

test.serial('a database other than 0 needs one command more', async (t) => {
  const redis = await startRedis(t)
  const passwordFile = join(makeFolder(t), 'password')
  writeFileSync(passwordFile, PASSWORD)
  await redis.send('ACL', 'SETUSER', 'gate', 'on', `>${PASSWORD}`, ...GATE.split(' '), '+select')
  await redis.send('SELECT', '3')
  await redis.send(...toSet(toEntry('ci')))
  const { ask } = await openSource(t, { url: redis.url, username: 'gate', passwordFile, database: 3 })
  t.is(await ask('ci'), 'ci')
  await redis.send('DEL', nameOf('ci'))
  t.true((await measure(async () => (await ask('ci')) === 'unknown')) < 1_000)
})
