import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { shipped } from '../e2e/read-bootstrap.ts'
import { makeFolder } from '../fixtures/folder.ts'
import { runCommand } from './run-command.ts'

const POLICY = shipped('front-proxy.policy.yaml')
const BOOTSTRAP = shipped('front-proxy.yaml')
const CLEAN = 'errors: 0, warnings: 0, notes: 0\n'
/** A bootstrap with one hole, and where it is. */
const holed = readFileSync(BOOTSTRAP, 'utf8').replace('failure_mode_allow: false', 'failure_mode_allow: true')
const line = 1 + holed.split('\n').findIndex((text) => text.includes('failure_mode_allow'))
const AUTHZ = 'static_resources.listeners[0].filter_chains[0].filters[0].typed_config.http_filters[1].typed_config'
const WHY = 'While no gate answers in time, every request is let through.'
const FIX = 'Set failure_mode_allow: false.'

test('what is clean is 0, a hole is 1, and a code can be ignored', async (t) => {
  const file = join(makeFolder(t), 'envoy.yaml')
  writeFileSync(file, holed)
  t.deepEqual(await runCommand(['lint', '-c', POLICY, '--against', BOOTSTRAP]), { code: 0, out: CLEAN, err: '' })
  const found = await runCommand(['lint', '-c', POLICY, '--against', BOOTSTRAP, file])
  t.is(found.code, 1)
  const lines = [`${file}:${line}:35: error BG205: failure_mode_allow: true`, `  at ${AUTHZ}.failure_mode_allow`]
  t.is(found.out, [...lines, `  ${WHY}`, `  ${FIX}`, 'errors: 1, warnings: 0, notes: 0', ''].join('\n'))
  const ignored = await runCommand(['lint', '-c', POLICY, '--against', file, '--ignore', 'BG205'])
  t.deepEqual(ignored, { code: 0, out: CLEAN, err: '' })
})

test('standard input, a folder, and JSON for scripts', async (t) => {
  const folder = makeFolder(t)
  mkdirSync(join(folder, 'below'))
  writeFileSync(join(folder, 'README.md'), '# no YAML: [')
  writeFileSync(join(folder, 'envoy.yaml'), readFileSync(BOOTSTRAP))
  const { code, out } = await runCommand(['lint', '-c', POLICY, '--json', '--against', folder, '-'], { input: holed })
  t.is(code, 1)
  const place = { file: '(standard input)', line, column: 35, path: `${AUTHZ}.failure_mode_allow` }
  const finding = { code: 'BG205', level: 'error', ...place, what: 'failure_mode_allow: true', why: WHY, fix: FIX }
  t.deepEqual(JSON.parse(out), { findings: [finding], problems: [] })
})

test('a file that cannot be read is named with its line, and the others are checked all the same', async (t) => {
  const folder = makeFolder(t)
  const broken = join(folder, 'broken.yaml')
  const absent = join(folder, 'absent.yaml')
  writeFileSync(broken, 'static_resources:\n  listeners: [}\n')
  writeFileSync(join(folder, 'envoy.yaml'), holed)
  const { code, out, err } = await runCommand([
    'lint',
    '-c',
    POLICY,
    '--against',
    broken,
    absent,
    join(folder, 'envoy.yaml'),
  ])
  t.is(code, 78)
  const [first = '', second = '', ...rest] = err.trim().split('\n')
  t.true(first.startsWith(`${broken}:2:`), first)
  t.true(second.startsWith(`${absent}:1:1: cannot be read: ENOENT`), second)
  t.deepEqual(rest, [])
  t.regex(out, /errors: 1, warnings: 0, notes: 0\n$/)
})

test('a policy that is refused is named like by check-config', async (t) => {
  const file = join(makeFolder(t), 'bearergate.yaml')
  writeFileSync(file, 'keys: []\nroutes: [{rule: open}]\n')
  const { code, out, err } = await runCommand(['lint', '-c', file])
  t.deepEqual({ code, out }, { code: 78, out: CLEAN })
  t.is(err, (await runCommand(['check-config', file])).err)
})

test('a code that is none is wrong usage', async (t) => {
  t.is((await runCommand(['lint', '-c', POLICY, '--ignore', 'failure'])).code, 64)
})
