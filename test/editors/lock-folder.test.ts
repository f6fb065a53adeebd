import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { lockFolder } from '../../src/editors/lock-folder.ts'
import { makeFolder } from '../fixtures/folder.ts'

test('of two that want one folder the second waits for the first', async (t) => {
  const folder = makeFolder(t)
  const first = await lockFolder(folder)
  let isFirstDone = false
  const second = lockFolder(folder).then((locked) => {
    t.true(isFirstDone)
    return locked
  })
  await new Promise((resolve) => setTimeout(resolve, 100))
  isFirstDone = true
  if (first.kind === 'locked') {
    t.true(first.lock.isHeld())
    first.lock.release()
  }
  const locked = await second
  t.is(locked.kind, 'locked')
  if (locked.kind === 'locked') locked.lock.release()
  t.deepEqual(readdirSync(folder), [])
})

test('the lock of a process that has ended is taken over, and of several one gets it at a time', async (t) => {
  const folder = makeFolder(t)
  const path = join(folder, '.bearergate.lock')
  const first = await lockFolder(folder)
  const { pid } = spawnSync(process.execPath, ['--version'])
  const [, ...rest] = readFileSync(path, 'utf8').split(' ')
  writeFileSync(path, [pid, ...rest].join(' '))
  t.false(first.kind === 'locked' && first.lock.isHeld())
  let holders = 0
  const work = async (): Promise<void> => {
    const locked = await lockFolder(folder)
    if (locked.kind !== 'locked') return t.fail(locked.reason)
    holders += 1
    await new Promise((resolve) => setTimeout(resolve, 5))
    t.is(holders, 1)
    t.true(locked.lock.isHeld())
    holders -= 1
    locked.lock.release()
  }
  await Promise.all(Array.from({ length: 10 }, work))
  t.deepEqual(readdirSync(folder), [])
})

test('a lock of another host is taken over when it is a minute old; its holder is told', async (t) => {
  const folder = makeFolder(t)
  const path = join(folder, '.bearergate.lock')
  writeFileSync(path, '1 elsewhere/pid:[1] x\n')
  const started = performance.now()
  const refused = await lockFolder(folder)
  const reason = `${path} is held by process 1: try again when it has ended; if that is no bearergate, remove the file`
  t.deepEqual(refused, { kind: 'refused', reason })
  t.true(performance.now() - started >= 10_000)
  const old = new Date(Date.now() - 61_000)
  utimesSync(path, old, old)
  const locked = await lockFolder(folder)
  t.is(locked.kind, 'locked')
  if (locked.kind === 'locked') {
    writeFileSync(path, 'somebody else')
    t.false(locked.lock.isHeld())
    locked.lock.release()
    t.true(existsSync(path))
  }
})
