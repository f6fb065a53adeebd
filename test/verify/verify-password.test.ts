import test from 'ava'
import type { BasicCredential, Verification } from '../../src/core/ports.ts'
import type { User } from '../../src/passwords/parse-htpasswd.ts'
import { createVerifyPassword } from '../../src/verify/verify-password.ts'

/** A user whose password is checked when the test says so. */
const createUser = (name: string, password: string) => {
  const asked: ((isRight: boolean) => void)[] = []
  const user: User = {
    hash: {
      text: `the hash of ${name}`,
      matches: (shown) =>
        new Promise((resolve) => {
          asked.push((isDone) => resolve(isDone && shown === password))
        }),
    },
    verified: { kind: 'verified', principal: { kind: 'user', subject: name, scopes: [], claims: new Map() } },
  }
  return { user, asked, finish: () => asked.splice(0).map((done) => done(true)) }
}

const open = (...known: readonly ReturnType<typeof createUser>[]) => {
  const clock = { now: 0 }
  const users = { current: new Map(known.map(({ user }) => [user.verified.principal.subject, user])) }
  const verify = createVerifyPassword({
    users: (file) => (file === 'people' ? users.current : undefined),
    now: () => clock.now,
  })
  const ask = async (user: string, password: string, deadline?: number, htpasswdFile = 'people') => {
    const credential: BasicCredential = { kind: 'basic', user, password, htpasswdFile }
    return tell(await verify(credential, { host: 'a.example.com', ...(deadline !== undefined && { deadline }) }))
  }
  return { clock, users, ask }
}

const tell = (verification: Verification): string =>
  verification.kind === 'verified' ? verification.principal.subject : verification.reason

/** Lets all that can go on go on. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('a password that was right is right for a minute without being looked at', async (t) => {
  const alice = createUser('alice', 'right')
  const { clock, ask } = open(alice)
  const first = ask('alice', 'right')
  await settle()
  alice.finish()
  t.is(await first, 'alice')
  clock.now = 59_999
  t.is(await ask('alice', 'right'), 'alice')
  clock.now = 60_000
  const anew = ask('alice', 'right')
  await settle()
  t.is(alice.asked.length, 1)
  alice.finish()
  t.is(await anew, 'alice')
})

test('a wrong password is remembered by nobody, and does not end what was right', async (t) => {
  const alice = createUser('alice', 'right')
  const { ask } = open(alice)
  for (const [password, expected] of [
    ['wrong', 'wrong_password'],
    ['right', 'alice'],
    ['wrong', 'wrong_password'],
  ] as const) {
    const answer = ask('alice', password)
    await settle()
    t.is(alice.asked.length, 1)
    alice.finish()
    t.is(await answer, expected)
  }
  t.is(await ask('alice', 'right'), 'alice')
})

test('CWE-208: a name that nobody has costs what one costs that somebody has', async (t) => {
  const alice = createUser('alice', 'right')
  const { ask } = open(alice)
  for (const password of ['wrong', 'right']) {
    const answer = ask('mallory', password)
    await settle()
    t.is(alice.asked.length, 1, 'a hash is worked out')
    alice.finish()
    t.is(await answer, 'unknown_user')
  }
})

test('a changed line of the file ends what its old password was good for', async (t) => {
  const alice = createUser('alice', 'right')
  const { users, ask } = open(alice)
  const first = ask('alice', 'right')
  await settle()
  alice.finish()
  t.is(await first, 'alice')

  const changed = { ...alice.user, hash: { ...alice.user.hash, text: 'another hash' } }
  users.current = new Map([['alice', changed]])
  const again = ask('alice', 'right')
  await settle()
  t.is(alice.asked.length, 1)
  alice.finish()
  t.is(await again, 'alice')
  users.current = new Map()
  t.is(await ask('alice', 'right'), 'unknown_user')
})

test('one password that is shown several times at once is checked once', async (t) => {
  const alice = createUser('alice', 'right')
  const { ask } = open(alice)
  const answers = [ask('alice', 'right'), ask('alice', 'right'), ask('alice', 'right')]
  await settle()
  t.is(alice.asked.length, 1)
  alice.finish()
  t.deepEqual(await Promise.all(answers), ['alice', 'alice', 'alice'])
})

test('two are checked at a time, 32 wait, and what comes then is an outage: not a denial, not a pass', async (t) => {
  const alice = createUser('alice', 'right')
  const { ask } = open(alice)
  const guesses = Array.from({ length: 34 }, (_, index) => ask('alice', `guess-${index}`))
  await settle()
  t.is(alice.asked.length, 2)
  t.is(await ask('alice', 'right'), 'passwords_unavailable')
  while (alice.asked.length > 0) {
    alice.finish()
    await settle()
  }
  t.deepEqual(new Set(await Promise.all(guesses)), new Set(['wrong_password']))
})

test('a password whose turn comes after its deadline is not checked', async (t) => {
  const alice = createUser('alice', 'right')
  const { clock, ask } = open(alice)
  const busy = [ask('alice', 'a'), ask('alice', 'b')]
  const late = ask('alice', 'right', 1_000)
  await settle()
  clock.now = 1_000
  t.is(alice.asked.length, 2)
  alice.finish()
  t.is(await late, 'passwords_unavailable')
  await Promise.all(busy)
  t.is(alice.asked.length, 0)
})

test('a check that goes beyond the deadline is an outage, and good for the next request', async (t) => {
  const alice = createUser('alice', 'right')
  const { ask } = open(alice)
  t.is(await ask('alice', 'right', 1), 'passwords_unavailable')
  alice.finish()
  await settle()
  t.is(await ask('alice', 'right', 1), 'alice')
})

test('an exception of a check is not a password for the next one, and ends nothing', async (t) => {
  const alice = createUser('alice', 'right')
  const broken: User = { ...alice.user, hash: { ...alice.user.hash, matches: () => Promise.reject(new Error('bug')) } }
  const { users, ask } = open(alice)
  users.current = new Map([['alice', broken]])
  await t.throwsAsync(ask('alice', 'right'), { message: 'bug' })
  await t.throwsAsync(ask('alice', 'right'), { message: 'bug' })
  users.current = new Map([['alice', alice.user]])
  const answer = ask('alice', 'right')
  await settle()
  alice.finish()
  t.is(await answer, 'alice')
})

test('a file that was never read is an outage; one without users has none', async (t) => {
  const { ask } = open()
  t.is(await ask('alice', 'right', undefined, 'elsewhere'), 'passwords_unavailable')
  t.is(await ask('alice', 'right'), 'unknown_user')
})
