import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { parseDocument } from '../src/config/document.ts'
import { configSchema } from '../src/config/schema.ts'
import { keySetSchema } from '../src/sources/key-entry.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8')

const DOCUMENTS = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
]

/** The fenced blocks of one language, without the indentation they stand in. */
const blocksOf = (name: string, language: string): readonly string[] =>
  [...read(name).matchAll(/^( *)```(\w+)\n([\s\S]*?)^ *```$/gm)]
    .filter((match) => match[2] === language)
    .map(([, indent = '', , text = '']) => text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''))

test('every configuration in the documents is one that is accepted', (t) => {
  const blocks = DOCUMENTS.flatMap((name) => blocksOf(name, 'yaml').map((text) => ({ name, text })))
  t.true(blocks.length >= 4)
  for (const { name, text } of blocks) {
    const isKeySet = /^keys:\n {2}- id:/.test(text)
    const whole = text.includes('routes:') || isKeySet ? text : `${text}\nroutes: [{rule: public}]`
    const parsed = isKeySet ? parseDocument(whole, keySetSchema) : parseDocument(whole, configSchema)
    t.deepEqual(parsed.kind === 'refused' ? parsed.problems : [], [], `${name}: ${text}`)
  }
})

test('every log line in the documents is JSON', (t) => {
  for (const text of DOCUMENTS.flatMap((name) => blocksOf(name, 'json'))) t.notThrows(() => JSON.parse(text))
})

test('every link between the documents leads somewhere', (t) => {
  for (const name of DOCUMENTS) {
    for (const [, target = ''] of read(name).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)) {
      if (!target.startsWith('http')) t.true(existsSync(join(ROOT, dirname(name), target)), `${name}: ${target}`)
    }
  }
})

test('every npm script that the documents name exists', (t) => {
  const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: Readonly<Record<string, string>> }
  for (const name of DOCUMENTS) {
    for (const [, script = ''] of read(name).matchAll(/npm run ([\w:-]+)/g)) {
      t.true(Object.hasOwn(scripts, script), `${name}: npm run ${script}`)
    }
  }
})

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
}

const namesOf = ({ properties = {}, items, anyOf = [] }: JsonSchema): readonly string[] => [
  ...Object.entries(properties).flatMap(([name, schema]) => [name, ...namesOf(schema)]),
  ...[items, ...anyOf].flatMap((schema) => (schema ? namesOf(schema) : [])),
]

test('every field of the configuration is documented', (t) => {
  const text = ['docs/configuration.md', 'docs/redis-keys.md'].map(read).join('\n')
  for (const name of namesOf(JSON.parse(read('bearergate.schema.json')))) {
    t.regex(text, new RegExp(`[\`.{ ]${name}[\`.:}, ]`), name)
  }
})

test('every reason is documented, and no other', (t) => {
  const sources = ['src/core/ports.ts', 'src/core/verdict.ts'].map(read).join('\n')
  const types =
    sources.match(/type (?:Rejection|Outage|DenialReason)[^\n]*(?:\n {2}\|[^\n]*)*|readonly reason: '.*/g) ?? []
  const reasons = types.flatMap((text) => [...text.matchAll(/'(\w+)'/g)].map(([, reason]) => reason))
  t.true(reasons.length > 20)
  const [, table = ''] = read('docs/operations.md').split('| reason | |')
  const documented = [...(table.split('\n\n')[0] ?? '').matchAll(/`(\w+)`/g)].map(([, reason]) => reason)
  t.deepEqual([...new Set(documented)].toSorted(), [...new Set(reasons)].toSorted())
})
