import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { constants, getPriority } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { toDigest } from '../../src/key/digest.ts'
import { createSideThread } from '../../src/sources/side-thread.ts'
import { eventually } from '../fixtures/eventually.ts'
import { makeFolder } from '../fixtures/folder.ts'

const TASKS = '/proc/self/task'

/** The priorities of all threads of this process. Those that end meanwhile have none. */
const readPriorities = (): readonly number[] =>
  readdirSync(TASKS).flatMap((task) => {
    try {
      const [, fields = ''] = readFileSync(join(TASKS, task, 'stat'), 'utf8').split(') ')
      return [Number(fields.split(' ')[16])]
    } catch {
      return []
    }
  })

const onLinux = process.platform === 'linux' ? test : test.skip

onLinux('the thread that reads many keys gives way to the one that answers, whose priority stays', async (t) => {
  const path = join(makeFolder(t), 'keys.jsonl')
  const toLine = (id: number): string => `${JSON.stringify({ id: `k${id}`, digest: `sha256:${toDigest(`${id}`)}` })}\n`
  writeFileSync(path, Array.from({ length: 30_000 }, (_, id) => toLine(id)).join(''))
  const before = getPriority()
  t.true(before < constants.priority.PRIORITY_BELOW_NORMAL)

  const work = createSideThread().run({ kind: 'pack', files: [{ path, before: [] }] })
  t.true(await eventually(() => readPriorities().includes(constants.priority.PRIORITY_BELOW_NORMAL), 5_000))
  const [packed] = await work
  t.is(packed?.kind, 'packed')
  t.is(getPriority(), before)
})
