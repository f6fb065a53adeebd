import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import { makeFolder } from './fixtures/folder.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Lays the package out below node_modules, and gives its folder. */
const install = (t: ExecutionContext): string => {
  const modules = join(makeFolder(t), 'node_modules')
  const own = join(modules, 'bearergate')
  mkdirSync(own, { recursive: true })
  for (const name of ['src', 'package.json']) cpSync(join(ROOT, name), join(own, name), { recursive: true })
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    if (name !== 'bearergate') symlinkSync(join(ROOT, 'node_modules', name), join(modules, name))
  }
  return own
}

const run = promisify(execFile)

test('as an installed package, below node_modules where Node strips no types, the command runs', async (t) => {
  const { stdout, stderr } = await run(process.execPath, [join(install(t), 'src/bin.js'), '--version'])
  t.regex(stdout, /^\d+\.\d+\.\d+\n$/)
  t.is(stderr, '')
})

test('as an installed package it reads many keys in its side thread', async (t) => {
  const own = install(t)
  const keys = join(own, 'keys')
  mkdirSync(keys)
  const toLine = (number: number): string =>
    `{"id": "key-${number}", "digest": "sha256:${String(number).padStart(64, '0')}"}\n`
  writeFileSync(join(keys, 'k.jsonl'), Array.from({ length: 6_000 }, (_, number) => toLine(number)).join(''))
  const script = `
    await import('./src/strip-types.js')
    const { createKeyStore } = await import('./src/sources/key-store.ts')
    const store = await createKeyStore([{ directory: './keys' }], { reloaded: () => {} })
    console.log(store.size(), store.problems().join())
    store.close()`
  writeFileSync(join(own, 'read.js'), script)
  const { stdout } = await run(process.execPath, ['read.js'], { cwd: own })
  t.is(stdout, '6000 \n')
})
