import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { loadConfig } from '../../src/config/load.ts'
import { lint } from '../../src/lint/lint.ts'
import { makeFolder } from '../fixtures/folder.ts'
import { lintTexts, toCodes } from './lint-texts.ts'

const KEYS = 'keys: [{directory: ./keys}]'
const API = '{name: api, host: api.example.com, rule: bearer}'

/** What a policy is, its codes, its routes, and what else is in it. */
const ROWS: readonly (readonly [what: string, codes: readonly string[], routes: readonly string[], rest?: string])[] = [
  ['one bearer route', [], [API]],
  ['a health path above it', [], ['{host: api.example.com, path: /api/health, rule: public}', API]],
  ['a UI on another host', [], [API, '{host: ui.example.com, rule: public}']],
  ['preflights of a subtree', [], ['{preflight: true, path: /api/*, rule: public}', API]],

  ['a route twice', ['BG101 warning'], [API, '{host: API.example.com, path: /x, rule: bearer}']],
  ['a host below a wildcard', ['BG101 warning'], ['{host: "*.example.com", rule: bearer}', API]],
  ['a wildcard below a host', [], [API, '{host: "*.example.com", rule: bearer}']],
  ['a path below its subtree', ['BG101 warning'], ['{path: /x/*, rule: bearer}', '{path: /x/y, rule: bearer}']],
  ['a subtree and its own name', [], ['{path: /x/*, rule: bearer}', '{path: /x, rule: bearer}']],
  ['a method of all', ['BG101 warning'], ['{path: /x, rule: bearer}', '{path: /x, method: PUT, rule: bearer}']],
  ['preflights below all methods', ['BG101 warning'], [API, '{host: api.example.com, preflight: true, rule: public}']],
  [
    'a bearer route below a public one',
    ['BG101 error', 'BG104 warning'],
    ['{host: api.example.com, rule: public}', API],
  ],

  [
    'a closed path below a public subtree',
    ['BG102 error'],
    ['{path: /files/*, rule: public}', '{path: /files/mine, rule: deny}'],
  ],
  ['a closed path above a public subtree', [], ['{path: /files/mine, rule: deny}', '{path: /files/*, rule: public}']],
  [
    'a closed path that is written to, below a public subtree',
    [],
    ['{path: /files/*, rule: public}', '{path: /files/mine, method: PUT, rule: deny}'],
  ],

  ['a public API', ['BG103 warning'], ['{path: /api/*, rule: public}', API]],
  ['public metrics', ['BG103 warning'], ['{path: /metrics, rule: public}', API]],
  ['public health of an actuator', [], ['{path: /actuator/health, rule: public}', API]],
  ['an API that is closed', [], ['{path: /api/*, rule: bearer}']],

  ['all but the API', ['BG104 warning'], ['{path: /api/*, rule: bearer}', '{path: /*, rule: public}']],
  ['public writing', ['BG105 warning'], ['{path: /hook, method: POST, rule: public}', API]],
  ['open for all', ['BG106 error'], ['{rule: public}']],
  ['open for all below a bearer route', ['BG104 warning', 'BG106 error'], [API, '{rule: public}']],

  ['outage: error', ['BG110 warning'], [API], 'outage: error'],
  ['the credential is kept', ['BG111 note'], ['{rule: bearer, authorization: keep}']],
  ['no identity', ['BG112 note'], [API], 'identity: {}'],
  [
    'a long clock tolerance',
    ['BG113 warning'],
    [API],
    'issuers: [{issuer: "https://id.example.com/", audiences: [a], clockTolerance: 1h}]',
  ],
]

for (const [what, codes, routes, rest = ''] of ROWS) {
  test(what, (t) => {
    const policy = [KEYS, 'routes:', ...routes.map((route) => `- ${route}`), rest].join('\n')
    t.deepEqual(toCodes(lintTexts(t, policy)), codes)
  })
}

test('a finding is where the field stands', (t) => {
  const [finding] = lintTexts(
    t,
    `${KEYS}\nroutes:\n- ${API}\n- host: b.example.com\n  path: [/, /metrics]\n  rule: public\n`,
  )
  const { line, column, path, what } = finding ?? {}
  t.deepEqual({ line, column, path, what }, { line: 5, column: 9, path: 'routes[1].path', what: '/metrics' })
})

test('key sources that others read or write', (t) => {
  const folder = makeFolder(t)
  const at = (name: string): string => join(folder, name)
  const put = (name: string, mode: number): void => {
    writeFileSync(at(name), 'a secret of sixteen characters')
    chmodSync(at(name), mode)
  }
  mkdirSync(at('keys'))
  put('keys/open', 0o644)
  put('keys/closed', 0o600)
  put('keys/set.yaml', 0o644)
  put('keys/written.yaml', 0o666)
  put('password', 0o604)
  const basic = `{basic: {username: u, passwordFile: ./password}}`
  writeFileSync(at('bearergate.yaml'), `${KEYS}\nroutes: [{rule: bearer, authorization: ${basic}}]\n`)
  const loaded = loadConfig(at('bearergate.yaml'), {})
  if (loaded.kind === 'refused') throw new Error('refused')
  const findings = () => lint(at('bearergate.yaml'), loaded.config, []).map(({ code, what }) => [code, what])
  t.deepEqual(findings(), [
    ['BG120', `${at('keys/written.yaml')} is 0666`],
    ['BG121', `${at('keys/open')} is 0644`],
    ['BG121', `${at('password')} is 0604`],
  ])
  // The folder of a mounted Secret.
  chmodSync(at('keys'), 0o1777)
  t.is(findings().length, 3)
  chmodSync(at('keys'), 0o777)
  t.deepEqual(findings()[0], ['BG120', `${at('keys')} is 0777`])
})
