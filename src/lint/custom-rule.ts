import { matchRegex } from './match-string.ts'
import type { Part } from './part.ts'
import { type Answer, KNOWN_HEADERS, type Sample } from './sample.ts'

/** Whether a rule of an AuthorizationPolicy takes a request. `maybe` where it depends on who calls, or on the port. */
export const matchCustomRule = (rule: Part, sample: Sample): Answer => {
  const operations = rule
    .get('to')
    .items()
    .map((to) => matchOperation(to.get('operation'), sample))
  const to: Answer = operations.length === 0 || operations.includes('yes') ? 'yes' : (operations[0] ?? 'no')
  if (to === 'no' && !operations.includes('maybe')) return 'no'
  const conditions = rule
    .get('when')
    .items()
    .map((when) => matchCondition(when, sample))
  if (conditions.includes('no')) return 'no'
  const isConditional = rule.get('from').isThere || conditions.includes('maybe')
  return isConditional || to !== 'yes' ? 'maybe' : 'yes'
}

const matchCondition = (when: Part, { headers }: Sample): Answer => {
  const name = toKnownHeader(when)
  if (name === undefined) return 'maybe'
  const value = headers.get(name) ?? ''
  const values = when.get('values').items()
  const isMatch = values.length === 0 || values.some(({ text = '' }) => matchPattern(text, value))
  const isExcluded = when
    .get('notValues')
    .items()
    .some(({ text = '' }) => matchPattern(text, value))
  return isMatch && !isExcluded ? 'yes' : 'no'
}

/** The header that a condition is about, where a sample says all about it. */
export const toKnownHeader = (when: Part): string | undefined => {
  const name = /^request\.headers\[(.*)\]$/.exec(when.get('key').text ?? '')?.[1]?.toLowerCase()
  return name !== undefined && KNOWN_HEADERS.has(name) ? name : undefined
}

/** The paths that a rule names, as far as they are literal. */
export const toRulePaths = (rule: Part): readonly string[] =>
  rule
    .get('to')
    .items()
    .flatMap((to) => [...to.get('operation', 'paths').items(), ...to.get('operation', 'notPaths').items()])
    .flatMap(({ text }) => text?.replace(/[*{].*$/, '') ?? [])
    .filter((path) => path.startsWith('/'))

const matchOperation = (operation: Part, { host, method, path }: Sample): Answer => {
  const given = { hosts: host.toLowerCase(), methods: method, paths: path }
  for (const [field, value] of Object.entries(given)) {
    const fold = (text: string): string => (field === 'hosts' ? text.toLowerCase() : text)
    const wanted = toPatterns(operation, field).map(fold)
    const unwanted = toPatterns(operation, `not${field[0]?.toUpperCase()}${field.slice(1)}`).map(fold)
    if (wanted.length > 0 && !wanted.some((pattern) => matchPattern(pattern, value))) return 'no'
    if (unwanted.some((pattern) => matchPattern(pattern, value))) return 'no'
  }
  return operation.get('ports').isThere || operation.get('notPorts').isThere ? 'maybe' : 'yes'
}

const toPatterns = (operation: Part, field: string): readonly string[] =>
  operation
    .get(field)
    .items()
    .flatMap(({ text }) => text ?? [])

/** Istio's four forms: `*`, `prefix*`, `*suffix`, exact; and templates with `{*}` for a segment and `{**}` for several. */
const matchPattern = (pattern: string, value: string): boolean => {
  if (pattern === '*') return value !== ''
  if (/\{\*\*?\}/.test(pattern)) {
    const regex = pattern
      .split(/(\{\*\*?\})/)
      .map((part) => (part === '{*}' ? '[^/]+' : part === '{**}' ? '.*' : RegExp.escape(part)))
    return matchRegex(regex.join(''), value)
  }
  if (pattern.endsWith('*')) return value.startsWith(pattern.slice(0, -1))
  return pattern.startsWith('*') ? value.endsWith(pattern.slice(1)) : value === pattern
}
