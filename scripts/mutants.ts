import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MUTANTS } from './planted-faults.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** Fast tests; those that start whole programs would notice as well. */
const FOLDERS = [
  'core',
  'config',
  'grpc',
  'http',
  'http2',
  'key',
  'lint',
  'lookup',
  'ops',
  'passwords',
  'render',
  'sources',
  'verify',
]
const toPattern = (name: string): string => `test/${name}/**/*.test.ts`
/** Those that stand beside a file of the sources. */
const toOwnTests = (file: string): string =>
  file.includes('/') ? toPattern(file.split('/')[0] ?? '') : `test/${file.replace(/\.ts$/, '.test.ts')}`

const COPIED = ['src', 'test', 'proto', 'scripts', 'envoy', 'k8s', 'docs', 'examples', 'package.json', 'ava.config.js']
const folder = mkdtempSync(join(tmpdir(), 'bearergate-mutants-'))
for (const name of COPIED) {
  cpSync(join(ROOT, name), join(folder, name), { recursive: true })
}
symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))

/** True when the tests fail, as they should. */
const isNoticed = (tests: readonly string[]): boolean => {
  try {
    execFileSync(join(folder, 'node_modules/.bin/ava'), ['--fail-fast', ...tests], { cwd: folder, stdio: 'ignore' })
    return false
  } catch {
    return true
  }
}

const chosen = MUTANTS.filter(([name]) => process.argv.length < 3 || process.argv.slice(2).includes(name))
const survivors: string[] = []
try {
  if (isNoticed(FOLDERS.map(toPattern))) throw new Error('The tests fail without any mutant: mend that first.')
  for (const [name, file, text, fault] of chosen) {
    const path = join(folder, 'src', file)
    const source = readFileSync(path, 'utf8')
    if (source.split(text).length !== 2) throw new Error(`${name}: its text does not stand once in ${file}`)
    writeFileSync(
      path,
      source.replace(text, () => fault),
    )
    const noticed = isNoticed([toOwnTests(file)]) || isNoticed(FOLDERS.map(toPattern))
    writeFileSync(path, source)
    console.log(`${noticed ? 'noticed ' : 'SURVIVED'}  ${name}`)
    if (!noticed) survivors.push(name)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log(`${chosen.length - survivors.length} of ${chosen.length} mutants noticed`)
process.exitCode = survivors.length > 0 ? 1 : 0
