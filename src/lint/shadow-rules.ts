import type { Manager } from './envoy-view.ts'
import { RBAC } from './gates.ts'
import { matchString } from './match-string.ts'
import type { Part } from './part.ts'
import { toHeaderMatcher } from './route-match.ts'
import type { Answer, Sample } from './sample.ts'

/** What an AuthorizationPolicy with action CUSTOM has become: which requests it brings to the gate, and paths it names. */
export interface Shadow {
  readonly brings: (sample: Sample) => Answer
  readonly paths: readonly string[]
}

/**
 * Istio writes a CUSTOM policy as an RBAC filter that only notes which requests it matches; the ext_authz filter after it
 * is enabled by that note. Undefined where no such filter is in the chain.
 */
export const toShadow = ({ filters }: Manager): Shadow | undefined => {
  const prefixes = filters
    .map(({ config }) => config.get('filter_enabled_metadata'))
    .filter((metadata) => metadata.get('filter').text === RBAC)
    .map((metadata) => metadata.get('value', 'string_match', 'prefix').text ?? '')
  if (prefixes.length === 0) return undefined
  const policies = filters
    .filter(({ type }) => type === 'RBAC')
    .flatMap(({ config }) => config.get('shadow_rules', 'policies').entries())
    .filter(([name]) => prefixes.some((prefix) => name.startsWith(prefix)))
    .map(([, policy]) => policy)
  const conditions = policies.map((policy) => {
    const permissions = policy
      .get('permissions')
      .items()
      .map((rule) => toCondition(rule))
    const principals = policy
      .get('principals')
      .items()
      .map((rule) => toCondition(rule))
    return allOf([anyOf(permissions), anyOf(principals)])
  })
  return { brings: anyOf(conditions), paths: policies.flatMap((policy) => findPaths(policy)) }
}

type Condition = (sample: Sample) => Answer

/** Deeper than any policy is written. */
const DEEPEST = 16

/** A Permission or a Principal, which are built alike. What a sample does not tell is `maybe`. */
const toCondition = (rule: Part, depth = 0): Condition => {
  const below = (field: string, list: string): readonly Condition[] =>
    rule
      .get(field, list)
      .items()
      .map((inner) => toCondition(inner, depth + 1))
  if (depth > DEEPEST) return () => 'maybe'
  if (rule.get('any').isTrue) return () => 'yes'
  for (const list of ['rules', 'ids']) {
    if (rule.get(`and_${list}`).isThere) return allOf(below(`and_${list}`, list))
    if (rule.get(`or_${list}`).isThere) return anyOf(below(`or_${list}`, list))
  }
  const inner = [rule.get('not_rule'), rule.get('not_id')].find(({ isThere }) => isThere)
  if (inner) return noneOf(toCondition(inner, depth + 1))
  if (rule.get('header').isThere) return toHeaderMatcher(rule.get('header'))
  const path = rule.get('url_path', 'path')
  return path.isThere ? (sample) => (matchString(path, sample.path) ? 'yes' : 'no') : () => 'maybe'
}

const allOf =
  (conditions: readonly Condition[]): Condition =>
  (sample) => {
    const answers = conditions.map((condition) => condition(sample))
    if (answers.includes('no')) return 'no'
    return answers.includes('maybe') ? 'maybe' : 'yes'
  }

const anyOf =
  (conditions: readonly Condition[]): Condition =>
  (sample) => {
    const answers = conditions.map((condition) => condition(sample))
    if (answers.includes('yes')) return 'yes'
    return answers.includes('maybe') ? 'maybe' : 'no'
  }

const noneOf =
  (condition: Condition): Condition =>
  (sample) => {
    const answer = condition(sample)
    if (answer === 'maybe') return 'maybe'
    return answer === 'yes' ? 'no' : 'yes'
  }

/** The literal paths somewhere in a policy. */
const findPaths = (part: Part, depth = 0): readonly string[] => {
  if (depth > 2 * DEEPEST) return []
  const path = part.get('url_path', 'path')
  if (path.isThere) return ['exact', 'prefix'].flatMap((name) => path.get(name).text ?? [])
  const children = [...part.entries().map(([, child]) => child), ...part.items()]
  return children.flatMap((child) => findPaths(child, depth + 1))
}
