import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { packKeyFile } from '../../src/sources/pack-key-file.ts'
import { unpackRecords } from '../../src/sources/packed-keys.ts'
import { readKeyFiles } from '../../src/sources/read-key-files.ts'
import type { SideThread } from '../../src/sources/side-thread.ts'
import { makeFolder } from '../fixtures/folder.ts'

test('a file that is too much for the side thread takes no other down, and is told once', async (t) => {
  const folder = makeFolder(t)
  const [large, other] = [join(folder, 'large.yaml'), join(folder, 'other')]
  writeFileSync(large, ' '.repeat(20_000))
  writeFileSync(other, 'the-secret-of-other')
  const thread: SideThread = {
    run: async (work) => {
      if (work.kind !== 'pack' || work.files.some(({ path }) => path === large)) throw new Error('out of memory')
      return work.files.map(({ path }) => packKeyFile(path)) as never
    },
    close: () => {},
    isClosed: () => false,
  }
  const first = await readKeyFiles([large, other], new Map(), false, thread, 10_000)
  t.deepEqual(first.get(large)?.problems, [`${large}: cannot be read: out of memory`])
  t.deepEqual(
    unpackRecords(first.get(other)?.group.packed ?? []).map(({ id }) => id),
    ['other'],
  )
  const second = await readKeyFiles([large, other], first, false, thread, 10_000)
  t.is(second.get(large), first.get(large))
  t.is(second.get(other), first.get(other))
  await t.throwsAsync(readKeyFiles([large], new Map(), true, thread, 10_000), { message: 'out of memory' })
})
