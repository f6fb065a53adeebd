import { generateKeyPairSync, sign } from 'node:crypto'
import test, { type ExecutionContext } from 'ava'
import { checkSignature } from '../../src/verify/check-signature.ts'
import { type Jws, parseJws } from '../../src/verify/jws.ts'

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A token with a key that takes a millisecond and more to verify. */
const makeSlow = (t: ExecutionContext) => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-521' })
  const signed = `${encode({ alg: 'ES512' })}.${encode({ sub: 'a' })}`
  const signature = sign('sha512', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  const jws = parseJws(`${signed}.${signature.toString('base64url')}`)
  if (jws.kind !== 'jws') throw t.fail()
  const bad: Jws = { ...jws, signature: signature.map((byte, index) => (index === 40 ? byte ^ 1 : byte)) }
  return { publicKey, jws, bad }
}

test.serial('of many slow signatures at once some wait, and the others are not looked at', async (t) => {
  const { publicKey, jws, bad } = makeSlow(t)
  const flood = Array.from({ length: 100 }, (_, index) =>
    checkSignature(index === 0 ? jws : bad, publicKey, () => false),
  )
  const checks = await Promise.all(flood)
  // One is at work, and 64 wait.
  t.deepEqual(checks, ['good', ...Array(64).fill('bad'), ...Array(35).fill('busy')])
  t.is(await checkSignature(jws, publicKey, () => false), 'good')
})

test.serial('a slow signature whose turn comes too late is not looked at', async (t) => {
  const { publicKey, jws } = makeSlow(t)
  t.is(await checkSignature(jws, publicKey, () => true), 'busy')
})

test.serial('the event loop goes on while slow signatures are verified', async (t) => {
  const { publicKey, jws } = makeSlow(t)
  let turns = 0
  const count = setInterval(() => {
    turns += 1
  }, 1)
  const checks = await Promise.all(Array.from({ length: 40 }, () => checkSignature(jws, publicKey, () => false)))
  clearInterval(count)
  t.true(checks.every((check) => check === 'good'))
  t.true(turns > 5, `${turns} turns`)
})
