import { argon2Sync, randomBytes, scryptSync } from 'node:crypto'
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import bcrypt from 'bcrypt'
import { openHtpasswdFile } from '../../src/passwords/htpasswd-file.ts'
import { parseHtpasswd } from '../../src/passwords/parse-htpasswd.ts'
import { parsePasswordHash } from '../../src/passwords/password-hash.ts'
import { eventually } from '../fixtures/eventually.ts'
import { makeFolder } from '../fixtures/folder.ts'
import { createRecorder } from '../fixtures/recorder.ts'

const toText = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '')
const salt = randomBytes(16)
const toScrypt = (password: string, { length = 32, ln = 14 } = {}): string =>
  `$scrypt$ln=${ln},r=8,p=1$${toText(salt)}$${toText(scryptSync(password, salt, length, { N: 16_384, r: 8, p: 1, maxmem: 2 ** 25 }))}`
const toArgon2id = (password: string, settings = 'm=7168,t=1,p=1'): string => {
  const parameters = { message: password, nonce: salt, memory: 7_168, passes: 1, parallelism: 1, tagLength: 32 }
  return `$argon2id$v=19$${settings}$${toText(salt)}$${toText(argon2Sync('argon2id', parameters))}`
}
const toBcrypt = (password: string): string => bcrypt.hashSync(password, 5)

const matches = async (text: string, password: string): Promise<unknown> => {
  const parsed = parsePasswordHash(text)
  return parsed.kind === 'parsed' ? parsed.hash.matches(password) : parsed.problem
}

test('a hash is that of its password and of no other', async (t) => {
  for (const make of [toBcrypt, toScrypt, toArgon2id]) {
    const hash = make('zoë: the password')
    t.true(await matches(hash, 'zoë: the password'), make.name)
    for (const other of ['', 'zoë: the passwor', 'zoë: the password ', 'Zoë: the password']) {
      t.false(await matches(hash, other), `${make.name} ${other}`)
    }
  }
})

test('bcrypt hashes of all letters are one kind; htpasswd writes 2y', async (t) => {
  const hash = toBcrypt('secret').slice(3)
  for (const letter of ['a', 'b', 'y']) t.true(await matches(`$2${letter}${hash}`, 'secret'), letter)
})

test('CVE-2025-22228: a password that is longer than bcrypt reads is wrong, though its beginning is right', async (t) => {
  const hash = toBcrypt('a'.repeat(72))
  t.true(await matches(hash, 'a'.repeat(72)))
  t.false(await matches(hash, 'a'.repeat(73)))
  t.false(await matches(hash, `${'a'.repeat(71)}ë`))
})

const WEAK = 'is quick to guess at: make a bcrypt hash with htpasswd -B -C 12'
const UNKNOWN = 'it is no bcrypt, scrypt or Argon2id hash'
const REFUSED: readonly (readonly [hash: string, problem: string])[] = [
  ['{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=', `SHA-1 without a salt ${WEAK}`],
  ['{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9gAAAA=', `SHA-1 ${WEAK}`],
  ['$apr1$lZL6V/ci$eIMz/iKDkbtys/uU7LEK00', `MD5 ${WEAK}`],
  ['$1$lZL6V/ci$eIMz/iKDkbtys/uU7LEK00', `MD5 ${WEAK}`],
  ['$5$salt$Gcm6FsVtF/Qa77ZKD.iwsJlCVPY0XSMgLJL0Hnww/c1', `crypt with SHA-2 ${WEAK}`],
  ['rqXexS6ZhobKA', `crypt, or a password as it is, ${WEAK}`],
  ['a password as it is', UNKNOWN],
  ['', UNKNOWN],
  ['$argon2i$v=19$m=7168,t=1,p=1$AAAA$AAAA', 'of Argon2 write Argon2id'],
  ['$2x$05$eh.1LWt7.3XZj22oOrH56uEePg.EOX2o9ZmRudmMOt/i7mwAoM8D2', 'it is no whole bcrypt hash'],
  ['$2y$05$eh.1LWt7.3XZj22oOrH56uEePg.EOX2o9ZmRudmMOt/i7mwAoM8D', 'it is no whole bcrypt hash'],
  ['$2y$04$eh.1LWt7.3XZj22oOrH56uEePg.EOX2o9ZmRudmMOt/i7mwAoM8D2', 'a bcrypt cost is 5 to 14'],
  ['$2y$15$eh.1LWt7.3XZj22oOrH56uEePg.EOX2o9ZmRudmMOt/i7mwAoM8D2', 'a bcrypt cost is 5 to 14'],
  [toScrypt('a', { length: 8 }), 'its salt has 8 bytes or more, and what follows 16 or more'],
  [toScrypt('a', { ln: 13 }), 'scrypt has ln=14 or more, r=8 or more, p=1 to 16, and takes at most 256 MiB'],
  [toScrypt('a', { ln: 19 }), 'scrypt has ln=14 or more, r=8 or more, p=1 to 16, and takes at most 256 MiB'],
  ['$scrypt$ln=14', 'it is no whole scrypt hash'],
  [toArgon2id('a', 'm=262145,t=1,p=1'), 'Argon2id has m=7168 to 262144, t=1 to 10, p=1 to 16'],
  [toArgon2id('a', 'm=7168,t=11,p=1'), 'Argon2id has m=7168 to 262144, t=1 to 10, p=1 to 16'],
  [toArgon2id('a', 'm=7168,t=1,p=0'), 'Argon2id has m=7168 to 262144, t=1 to 10, p=1 to 16'],
  ['$argon2id$v=16$m=7168,t=1,p=1$AAAA$AAAA', 'it is no whole Argon2id hash of version 19'],
]

for (const [hash, problem] of REFUSED) {
  test(`a hash is refused: ${hash.slice(0, 30)} ${problem}`, async (t) => t.is(await matches(hash, 'a'), problem))
}

test('a bad line is refused alone, by its number, and is not quoted', (t) => {
  const good = toBcrypt('a')
  const { users, problems } = parseHtpasswd(
    [
      '# people',
      `alice:${good}\r`,
      '',
      'no colon at all',
      ':$2y$05$x',
      'zoë:secret',
      'bob:{SHA}x',
      `alice:${good}`,
      `carol smith:${good}:more`,
      ' dan:secret',
    ].join('\n'),
  )
  t.deepEqual([...users.keys()], ['alice', 'carol smith'])
  const NAME = 'write NAME:HASH, with a name of visible ASCII and inner spaces'
  t.deepEqual(problems, [
    `line 4: ${NAME}`,
    `line 5: ${NAME}`,
    `line 6: ${NAME}`,
    `line 7: SHA-1 without a salt ${WEAK}`,
    'line 8: the user stands in a line above',
    `line 10: ${NAME}`,
  ])
})

test('names of users are no properties of anything', (t) => {
  const { users } = parseHtpasswd(`__proto__:${toBcrypt('a')}`)
  t.deepEqual([...users.keys()], ['__proto__'])
  for (const name of ['constructor', 'toString']) t.is(users.get(name), undefined)
})

test('a file is read again when it changes; one that cannot be read keeps its last good users', async (t) => {
  const path = join(makeFolder(t), 'people')
  const { observer, reloads } = createRecorder()
  const file = await openHtpasswdFile(path, observer)
  t.teardown(file.close)
  t.is(file.users(), undefined)
  t.regex(file.problems().join(), /people: cannot be read: ENOENT/)

  const write = (text: string): void => {
    writeFileSync(`${path}.next`, text)
    renameSync(`${path}.next`, path)
  }
  const names = (): string => [...(file.users()?.keys() ?? [])].join()
  write(`alice:${toBcrypt('a')}\nbob:{SHA}x\n`)
  t.true(await eventually(() => names() === 'alice'))
  t.deepEqual(file.problems(), [`${path}: line 2: SHA-1 without a salt ${WEAK}`])

  write(`alice:${toBcrypt('a')}\nbob:${toBcrypt('b')}\n`)
  t.true(await eventually(() => names() === 'alice,bob'))
  t.deepEqual(file.problems(), [])

  rmSync(path)
  t.true(await eventually(() => file.problems().length === 1))
  t.is(names(), 'alice,bob')
  t.deepEqual(
    reloads.map((line) => line.replace(path, 'PATH').replace(/: (?!ok).*/, ': failed')),
    ['passwords PATH: failed', 'passwords PATH: failed', 'passwords PATH: ok', 'passwords PATH: failed'],
  )
})
