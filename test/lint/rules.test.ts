import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import fc from 'fast-check'
import { parse, stringify } from 'yaml'
import { loadConfig } from '../../src/config/load.ts'
import { allRules, lint } from '../../src/lint/lint.ts'
import { readFiles } from '../../src/lint/read-files.ts'
import { BOOTSTRAPS, shipped } from '../e2e/read-bootstrap.ts'
import { lintTexts, toCodes } from './lint-texts.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const read = (name: string): string => readFileSync(shipped(name), 'utf8')

test('codes are unique, and each belongs to a group', (t) => {
  const codes = allRules.map(({ code }) => code)
  t.deepEqual(codes, [...new Set(codes)].toSorted())
  for (const code of codes) t.regex(code, /^BG[0-6]\d\d$/)
})

test('each rule says in one line why and what to do', (t) => {
  for (const { code, title, why, fix } of allRules) {
    for (const text of [title, why, fix]) t.true(text.length > 3 && text.length <= 160 && !text.includes('\n'), code)
    t.regex(why, /\.\)?$/, code)
    t.regex(fix, /[.}]\)?$/, code)
  }
})

for (const name of BOOTSTRAPS) {
  test(`${name}: what is shipped has no finding`, (t) => {
    t.deepEqual(lintTexts(t, read(`${name}.policy.yaml`), read(`${name}.yaml`)), [])
  })
}

/** Overlays that are shipped, each with the gate's policy beside it. */
const OVERLAYS: readonly (readonly string[])[] = [
  ['k8s/base/bearergate.yaml', 'k8s/base', 'k8s/envoy'],
  ['k8s/base/bearergate.yaml', 'k8s/base', 'k8s/istio', 'k8s/istio/ingress'],
  ['k8s/base/bearergate.yaml', 'k8s/base', 'k8s/istio', 'k8s/istio/sidecar'],
  ['k8s/base/bearergate.yaml', 'k8s/base', 'k8s/istio', 'k8s/istio/waypoint'],
  ['k8s/base/bearergate.yaml', 'k8s/base', 'k8s/envoy-gateway'],
]

for (const [policy = '', ...folders] of OVERLAYS) {
  test(`${folders.join(', ')}: what is shipped has no finding`, (t) => {
    const path = join(ROOT, policy)
    const loaded = loadConfig(path, {})
    const { parts, unreadable } = readFiles(folders.map((folder) => join(ROOT, folder)))
    t.deepEqual(loaded.kind === 'loaded' ? lint(path, loaded.config, parts) : loaded.problems, [])
    t.deepEqual(unreadable, [])
  })
}

test('what is none of all that is said to be unknown', (t) => {
  const findings = lintTexts(t, read('sidecar.policy.yaml'), '[1, 2]', 'services: {web: {image: x}}')
  t.deepEqual(toCodes(findings), ['BG001 note'])
  t.deepEqual(
    findings.map(({ what }) => what),
    ['it has no fields', 'it has services'],
  )
})

/** Every place in a value, as a list of keys. */
const placesOf = (value: unknown, above: readonly PropertyKey[] = []): readonly (readonly PropertyKey[])[] =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([key, child]) => [[...above, key], ...placesOf(child, [...above, key])])
    : []

const replace = (value: unknown, path: readonly PropertyKey[], put: unknown): unknown => {
  const [key, ...rest] = path
  if (key === undefined) return put
  const copy = Array.isArray(value) ? [...value] : { ...(value as object) }
  const record = copy as Record<PropertyKey, unknown>
  record[key] = replace(record[key], rest, put)
  return copy
}

test('no shape of a configuration breaks lint', (t) => {
  const policy = read('front-proxy.policy.yaml')
  const whole = parse(read('front-proxy.yaml'))
  const places = placesOf(whole)
  fc.assert(
    fc.property(fc.constantFrom(...places), fc.jsonValue({ maxDepth: 2 }), (path, put) => {
      t.notThrows(() => lintTexts(t, policy, stringify(replace(whole, path, put))))
    }),
    { numRuns: 40 },
  )
})
