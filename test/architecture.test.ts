import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'

const SRC = fileURLToPath(new URL('../src', import.meta.url))
const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.includes('generated'))
  .map((name) => ({ name, text: readFileSync(join(SRC, name), 'utf8') }))

/** What a file imports: paths below src, or the names of packages. */
const importsOf = ({ name, text }: { readonly name: string; readonly text: string }): readonly string[] =>
  [...text.matchAll(/\bfrom '([^']+)'|\bimport '([^']+)'|\bimport\('([^']+)'\)/g)].map((match) => {
    const target = match[1] ?? match[2] ?? match[3] ?? ''
    return target.startsWith('.') ? relative(SRC, resolve(SRC, dirname(name), target)) : target
  })

const inFolder = (folder: string) => files.filter(({ name }) => name.startsWith(`${folder}/`))

test('the core imports only the core', (t) => {
  t.true(inFolder('core').length > 10)
  for (const file of inFolder('core')) {
    t.deepEqual(
      importsOf(file).filter((target) => !target.startsWith('core/')),
      [],
      file.name,
    )
  }
})

test('the core reads no clock, no environment, no randomness, and does no I/O', (t) => {
  for (const { name, text } of inFolder('core')) {
    t.notRegex(
      text,
      /\bDate\b|\bperformance\b|\bprocess\b|Math\.random|\bcrypto\b|\bfetch\(|\bconsole\b|setTimeout/,
      name,
    )
  }
})

test('listeners import neither each other nor those who verify', (t) => {
  const others = { grpc: ['ops/listen', 'verify/', 'http/'], ops: ['grpc/'], http: ['grpc/', 'verify/'] }
  for (const [folder, forbidden] of Object.entries(others)) {
    for (const file of inFolder(folder)) {
      const bad = importsOf(file).filter((target) => forbidden.some((prefix) => target.startsWith(prefix)))
      t.deepEqual(bad, [], file.name)
    }
  }
})

test('what is rendered comes from the configuration and the core alone', (t) => {
  t.true(inFolder('render').length > 5)
  for (const file of inFolder('render')) {
    const bad = importsOf(file).filter((target) => !/^(?:render|core|config)\/|^node:net$/.test(target))
    t.deepEqual(bad, [], file.name)
  }
})

test('one place lets a request through', (t) => {
  const places = files.filter(({ text }) => /kind: 'ok'(?!;)/.test(text.replaceAll(/readonly kind: 'ok'/g, '')))
  t.deepEqual(
    places.map(({ name }) => name),
    ['core/check.ts'],
  )
})

test('no file is a drawer for everything', (t) => {
  const drawers = /(?:^|\/)(?:utils?|helpers?|common|types|manager|handler|index)\.ts$/
  t.deepEqual(
    files.filter(({ name }) => drawers.test(name)).map(({ name }) => name),
    [],
  )
})
