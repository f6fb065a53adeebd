import test from 'ava'
import fc from 'fast-check'
import { stringify } from 'yaml'
import { parseDocument } from '../../src/config/document.ts'
import { editKeySet } from '../../src/editors/edit-key-set.ts'
import { type KeyEntry, keySetSchema } from '../../src/sources/key-entry.ts'

const DIGESTS = ['a', 'b', 'c', 'd'].map((digit) => `sha256:${digit.repeat(64)}`)
const [A = '', B = '', C = '', D = ''] = DIGESTS

const entriesOf = (text: string): readonly KeyEntry[] => {
  const parsed = parseDocument(text, keySetSchema)
  if (parsed.kind === 'refused') throw new Error(JSON.stringify(parsed.problems))
  return parsed.value.keys
}

/** Changes the entry of an index; `toEntry` gets undefined for one that is added, and gives undefined to remove it. */
const edit = (
  text: string,
  index: number,
  toEntry: (entry: KeyEntry) => KeyEntry | undefined,
  isJson = false,
): string | undefined => {
  const entries = entriesOf(text)
  return editKeySet({ text, isJson, entries }, index, toEntry(entries[index] ?? { id: 'new', digest: D }))
}

const same = (entry: KeyEntry): KeyEntry => entry
const disable = (entry: KeyEntry): KeyEntry => ({ ...entry, disabled: true })
const enable = ({ disabled: _, ...entry }: KeyEntry): KeyEntry => entry
const none = (): undefined => undefined

const TEAM = `# Keys of the team.
keys: # ask alice

  # CI, since 2029
  - id: ci   # runs at night
    digest: "${A}"
    scopes: [ flow.read,  flow.write ]   # both
    # for good
  -   disabled: true # left in May
      id: bob

      digest: ${B}
      claims:
        owner: bob   # once
  # the last one
  - {id: carol, digest: '${C}'} # in one line

# end
`

test('a field is added, replaced and removed, and nothing else in the file moves', (t) => {
  t.is(edit(TEAM, 0, disable), TEAM.replace('# both\n', '# both\n    disabled: true\n'))
  t.is(
    edit(TEAM, 0, (entry) => ({ ...entry, digest: D })),
    TEAM.replace(A, D),
  )
  t.is(
    edit(TEAM, 0, ({ scopes: _, ...rest }) => rest),
    TEAM.replace(/ {4}scopes.*\n/, ''),
  )
  t.is(edit(TEAM, 1, enable), TEAM.replace('disabled: true # left in May\n      ', ''))
  t.is(edit(TEAM, 2, disable), TEAM.replace(/\{id: carol.*\}/, `{id: carol, digest: ${C}, disabled: true}`))
})

test('a rotation writes the replaced secret below its key', (t) => {
  const previous = [{ digest: B, expires: '2030-01-31T00:00:00.000Z' }]
  const written = `      previous:
        - digest: ${B}
          expires: 2030-01-31T00:00:00.000Z
`
  t.is(
    edit(TEAM, 1, (entry) => ({ ...entry, digest: D, previous })),
    TEAM.replace(B, D).replace('# once\n', `# once\n${written}`),
  )
})

test('an entry is added behind the last one and removed with its lines; comments stay', (t) => {
  t.is(edit(TEAM, 3, same), TEAM.replace('# in one line\n', `# in one line\n  - id: new\n    digest: ${D}\n`))
  t.is(edit(TEAM, 0, none), TEAM.replace(/ {2}- id: ci[\s\S]*# both\n/, ''))
  t.is(edit(TEAM, 1, none), TEAM.replace(/ {2}- {3}disabled[\s\S]*# once\n/, ''))
  t.is(edit(TEAM, 2, none), TEAM.replace(/ {2}- \{id.*\n/, ''))
})

test('the last entry leaves empty brackets, and they go with the next one', (t) => {
  const one = `keys: # all\n  # first\n  - id: ci\n    digest: ${A}\n# end\n`
  const empty = 'keys: [] # all\n  # first\n# end\n'
  t.is(edit(one, 0, none), empty)
  t.is(edit(empty, 0, same), `keys: # all\n  - id: new\n    digest: ${D}\n  # first\n# end\n`)
})

test('no line break at the end, dashes without indentation, CRLF and a byte order mark are kept', (t) => {
  const flat = `keys:\n- id: ci\n  digest: ${A}`
  t.is(edit(flat, 1, same), `${flat}\n- id: new\n  digest: ${D}`)
  t.is(edit(flat, 0, disable), `${flat}\n  disabled: true`)
  const windows = `keys:\r\n  - id: ci\r\n    digest: ${A}\r\n  - id: b\r\n    digest: ${B}\r\n`
  t.is(edit(windows, 0, disable), windows.replace(A, `${A}\r\n    disabled: true`))
  t.is(edit(windows, 2, same), `${windows.slice(0, -2)}\r\n  - id: new\r\n    digest: ${D}\r\n`)
  t.is(edit(`\uFEFF${flat}`, 0, disable), `\uFEFF${flat}\n  disabled: true`)
})

test('JSON stays JSON, with its indentation', (t) => {
  const value = {
    keys: [
      { id: 'a', digest: A, scopes: ['x', 'y'] },
      { id: 'b', digest: B },
      { id: 'c', digest: C },
    ],
  }
  for (const indentation of [2, 3, '\t', undefined]) {
    const text = JSON.stringify(value, undefined, indentation)
    const expected = (...keys: readonly unknown[]) => JSON.stringify({ keys }, undefined, indentation)
    const [a, b, c] = value.keys
    const [comma, after] = indentation === undefined ? [', ', ','] : ['', '']
    t.is(edit(text, 1, disable, true), expected(a, { ...b, disabled: true }, c))
    t.is(edit(text, 0, none, true), expected(b, c))
    t.is(edit(text, 2, none, true), expected(a, b))
    t.is(edit(text, 3, same, true)?.replace(comma, after), expected(a, b, c, { id: 'new', digest: D }))
    const empty = JSON.stringify({ keys: [] }, undefined, indentation)
    t.is(edit(empty, 0, same, true), expected({ id: 'new', digest: D }))
    t.is(edit(expected(a), 0, none, true), empty)
  }
})

test('what cannot be changed safely is not changed', (t) => {
  const anchored = `keys:\n  - &a\n    id: a\n    digest: ${A}\n    scopes: &s [x]\n  - id: b\n    digest: ${B}\n    scopes: *s\n`
  t.is(edit(anchored, 0, none), undefined)
  t.is(edit(anchored, 1, disable), anchored.replace('*s\n', '*s\n    disabled: true\n'))
  const tagged = `keys: !!seq\n  - id: a\n    digest: ${A}\n`
  t.is(edit(tagged, 0, none), undefined)
})

const id = fc.stringMatching(/^[!-~][ -~]{0,12}[!-~]$/)
const time = fc
  .date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true })
  .map((date) => date.toISOString())
const digest = fc.stringMatching(/^[0-9a-f]{64}$/).map((hex) => `sha256:${hex}`)
const claim = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.array(fc.string(), { maxLength: 3 }))
const fields = fc.record(
  {
    id,
    digest,
    scopes: fc.array(fc.stringMatching(/^[!#-[\]-~]{1,8}$/), { maxLength: 3 }),
    expires: time,
    notBefore: time,
    disabled: fc.boolean(),
    hosts: fc.array(fc.constantFrom('a.example.com', '*.example.com'), { minLength: 1, maxLength: 2 }),
    previous: fc.array(fc.record({ digest, expires: time }, { noNullPrototype: true }), { maxLength: 2 }),
    claims: fc.dictionary(fc.stringMatching(/^[a-z :#'-]{1,8}$/), claim, { maxKeys: 3, noNullPrototype: true }),
  },
  { requiredKeys: ['id', 'digest'], noNullPrototype: true },
) as fc.Arbitrary<KeyEntry>

/** Fields in any order, as people write them. */
const entry = fc.tuple(fields, fc.array(fc.nat(), { minLength: 9, maxLength: 9 })).map(([value, order]) =>
  Object.fromEntries(
    Object.entries(value)
      .map((field, index) => [order[index] ?? 0, field] as const)
      .sort(([a], [b]) => a - b)
      .map(([, field]) => field),
  ),
) as unknown as fc.Arbitrary<KeyEntry>

/** An entry as text: in YAML with or without brackets, with a comment above and one behind its last line. */
const item = fc.record({
  entry,
  flow: fc.boolean(),
  quote: fc.constantFrom('PLAIN', 'QUOTE_DOUBLE', 'QUOTE_SINGLE'),
  padding: fc.boolean(),
  above: fc.constantFrom('', '  # about, it: {}\n', '\n', '\n    # deep\n\n# flat\n'),
  width: fc.constantFrom(0, 20),
})

const toText = ({
  entry,
  flow,
  quote,
  padding,
  width,
}: typeof item extends fc.Arbitrary<infer T> ? T : never): string =>
  stringify([entry], {
    collectionStyle: 'any',
    lineWidth: width,
    flowCollectionPadding: padding,
    defaultStringType: quote as 'PLAIN',
    defaultKeyType: 'PLAIN',
    aliasDuplicateObjects: false,
    ...(flow && { collectionStyle: 'flow' }),
  })

test('property: an edit of a random key set changes its own entry alone, byte for byte', (t) => {
  let refusals = 0
  let runs = 0
  const key = fc.uniqueArray(item, { minLength: 1, maxLength: 5, selector: (value) => value.entry.id })
  fc.assert(
    fc.property(key, fc.nat(), fc.constantFrom('add', 'change', 'remove'), entry, (items, pick, what, wanted) => {
      // One line for each dash: an entry in brackets is written behind one.
      const blocks = items.map((value) => {
        const lines = value.flow ? `- ${toText(value).trim().slice(1, -1).trim()}\n` : toText(value)
        return `${value.above}${lines.replaceAll(/^(?=.)/gm, '  ')}`
      })
      const head = '# head\nkeys: # list\n'
      const text = `${head}${blocks.join('')}\n# tail\n`
      const index = what === 'add' ? items.length : pick % items.length
      const entries = entriesOf(text)
      const old = entries[index]
      const after = what === 'remove' ? undefined : { ...wanted, id: old?.id ?? '\u007e new' }
      const edited = editKeySet({ text, isJson: false, entries }, index, after)
      runs += 1
      if (edited === undefined) {
        refusals += 1
        return
      }
      t.deepEqual(entriesOf(edited), entries.toSpliced(index, 1, ...(after ? [after] : [])))
      const before = blocks.slice(0, index).join('')
      const behind = `${blocks.slice(index + 1).join('')}\n# tail\n`
      const opening = edited.startsWith(head) ? head : head.replace('keys:', 'keys: []')
      t.is(edited.slice(0, opening.length), opening)
      t.is(edited.slice(opening.length, opening.length + before.length), before)
      t.is(edited.slice(-behind.length), behind)
    }),
    { numRuns: 500 },
  )
  t.is(refusals, 0, `${refusals} of ${runs}`)
})
