import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test from 'ava'
import { makeFolder } from './fixtures/folder.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

test('as an installed package, below node_modules where Node strips no types, the command runs', async (t) => {
  const modules = join(makeFolder(t), 'node_modules')
  const own = join(modules, 'bearergate')
  mkdirSync(own, { recursive: true })
  for (const name of ['src', 'package.json']) cpSync(join(ROOT, name), join(own, name), { recursive: true })
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    if (name !== 'bearergate') symlinkSync(join(ROOT, 'node_modules', name), join(modules, name))
  }
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [join(own, 'src/bin.js'), '--version'])
  t.regex(stdout, /^\d+\.\d+\.\d+\n$/)
  t.is(stderr, '')
})
