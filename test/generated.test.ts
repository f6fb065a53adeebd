import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { GENERATED, generate } from '../scripts/generate.ts'
import { makeFolder } from './fixtures/folder.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

const listFiles = (path: string): readonly string[] =>
  statSync(path).isFile()
    ? ['']
    : readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((name) => statSync(join(path, name)).isFile())

test('generated files are fresh: npm run generate changes nothing', (t) => {
  const folder = makeFolder(t)
  generate(folder)
  for (const name of GENERATED) {
    const names = listFiles(join(folder, name)).toSorted()
    t.deepEqual(listFiles(join(ROOT, name)).toSorted(), names)
    for (const file of names) {
      const text = (root: string): string => readFileSync(join(root, name, file), 'utf8')
      t.is(text(ROOT), text(folder), join(name, file))
    }
  }
})
