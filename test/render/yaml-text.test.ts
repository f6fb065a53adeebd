import test from 'ava'
import fc from 'fast-check'
import { parse } from 'yaml'
import { comment, toFileText } from '../../src/render/text-block.ts'
import { type Data, toYamlFile, yaml } from '../../src/render/yaml-text.ts'

const data = fc.letrec<{ data: Data }>((tie) => ({
  data: fc.oneof(
    { maxDepth: 3 },
    fc.string(),
    fc.constantFrom(
      'yes',
      'no',
      'on',
      'Off',
      'null',
      '~',
      '0x10',
      '010',
      '1e3',
      '12:30',
      '.inf',
      'a: b',
      '- a',
      "it's",
      '#',
    ),
    fc.constantFrom(
      '*a',
      '&a',
      '!a',
      '%a',
      '@a',
      '`a',
      'a #b',
      ' a',
      'a ',
      'a\nb',
      '\\.',
      '"\\',
      '2026-01-01',
      '=',
      '<<',
    ),
    fc.integer(),
    fc.boolean(),
    fc.array(tie('data'), { maxLength: 3 }),
    fc.dictionary(
      fc.string({ minLength: 1 }).filter((key) => key !== '__proto__'),
      tie('data'),
      { maxKeys: 3 },
    ),
  ),
})).data

test('YAML 1.2 and 1.1 readers read what was put in a hole, whatever it is', (t) => {
  fc.assert(
    fc.property(data, (value) => {
      const text = toYamlFile([yaml`a: ${value}`])
      for (const version of ['1.1', '1.2'] as const) t.deepEqual(parse(text, { version }).a, value)
    }),
  )
})

test('a block is indented to its hole, a list of none takes its line away, and templates are indented with the code', (t) => {
  const inner = yaml`
    - b: 1

      c: 2`
  const text = yaml`

    a:
      ${[inner, inner]}
      ${[]}
    d: ${[]}
    e:
    - ${yaml`
      f: 1
      g: 2`}
    # why ${'it is:\nso'}
    h: ${'it is:\nso'}`
  t.is(
    toFileText(text),
    `
a:
  - b: 1

    c: 2
  - b: 1

    c: 2
d: []
e:
- f: 1
  g: 2
# why it is: so
h: "it is:\\nso"
`,
  )
})

test('a comment stays one, line by line', (t) => {
  t.deepEqual(comment('one\n\ntwo').lines, ['# one', '#', '# two'])
})
