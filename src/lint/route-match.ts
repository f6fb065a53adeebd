import { matchRegex, matchString } from './match-string.ts'
import type { Part } from './part.ts'
import { type Answer, KNOWN_HEADERS, type Sample } from './sample.ts'

/** Envoy's RouteMatch as a function; what it says is read once. */
export const toMatcher = (match: Part): ((sample: Sample) => Answer) => {
  const matchPath = toPathMatcher(match)
  const headers = match.get('headers').items().map(toHeaderMatcher)
  const isConditional = CONDITIONS.some((name) => match.get(name).isThere)
  return (sample) => {
    const answers = [matchPath(sample.path), ...headers.map((matchHeader) => matchHeader(sample))]
    if (answers.includes('no')) return 'no'
    return isConditional || answers.includes('maybe') ? 'maybe' : 'yes'
  }
}

const CONDITIONS = ['runtime_fraction', 'query_parameters', 'grpc', 'tls_context', 'dynamic_metadata', 'filter_state']

const toPathMatcher = (match: Part): ((path: string) => Answer) => {
  const isFolded = match.get('case_sensitive').text === 'false'
  const fold = (text: string): string => (isFolded ? text.toLowerCase() : text)
  const [exact, prefix, separated] = ['path', 'prefix', 'path_separated_prefix'].map((name) => match.get(name).text)
  if (exact !== undefined) return (path) => toAnswer(fold(path) === fold(exact))
  if (prefix !== undefined) return (path) => toAnswer(fold(path).startsWith(fold(prefix)))
  if (separated !== undefined) return (path) => toAnswer(`${fold(path)}/`.startsWith(`${fold(separated)}/`))
  const regex = match.get('safe_regex', 'regex').text
  if (regex !== undefined) return (path) => toAnswer(matchRegex(regex, path))
  const answer = match.get('connect_matcher').isThere ? 'no' : 'maybe'
  return () => answer
}

/** Envoy's HeaderMatcher as a function. */
export const toHeaderMatcher = (matcher: Part): ((sample: Sample) => Answer) => {
  const name = matcher.get('name').text?.toLowerCase() ?? ''
  const matchValue = toValueMatcher(matcher)
  const isInverted = matcher.get('invert_match').isTrue
  return ({ method, host, headers }) => {
    const value = name === ':method' ? method : name === ':authority' ? host : headers.get(name)
    if (value === undefined && !KNOWN_HEADERS.has(name)) return 'maybe'
    return toAnswer(matchValue(value) !== isInverted)
  }
}

const toValueMatcher = (matcher: Part): ((value: string | undefined) => boolean) => {
  const present = matcher.get('present_match').text
  if (present !== undefined) return (value) => (value !== undefined) === (present === 'true')
  const [exact, regex] = [matcher.get('exact_match').text, matcher.get('safe_regex_match', 'regex').text]
  return (value) => {
    if (value === undefined) return false
    if (exact !== undefined) return value === exact
    return regex === undefined ? matchString(matcher.get('string_match'), value) : matchRegex(regex, value)
  }
}

const toAnswer = (isMatch: boolean): Answer => (isMatch ? 'yes' : 'no')
