import type { Manager, ProxyRoute } from './envoy-view.ts'
import { matchString } from './match-string.ts'
import type { Part } from './part.ts'

/** True when no client's header of this name comes through to the upstream on this route. */
export const removesHeader = (manager: Manager, { ways }: ProxyRoute, name: string): boolean =>
  removesEarly(manager, name) ||
  ways.every((way) =>
    way.some((scope) =>
      scope
        .get('request_headers_to_remove')
        .items()
        .some(({ text }) => text?.toLowerCase() === name),
    ),
  )

/** True when it is removed from every request, before the gate sees it. */
export const removesEarly = ({ part, filters }: Manager, name: string): boolean =>
  [
    ...part
      .get('early_header_mutation_extensions')
      .items()
      .flatMap((extension) => extension.get('typed_config', 'mutations').items()),
    ...filters
      .filter(({ type, isOff, hasMatcher }) => type === 'HeaderMutation' && !isOff && !hasMatcher)
      .flatMap(({ config }) => config.get('mutations', 'request_mutations').items()),
  ].some((mutation) => removes(mutation, name))

const removes = (mutation: Part, name: string): boolean => {
  const matcher = mutation.get('remove_on_match', 'key_matcher')
  return mutation.get('remove').text?.toLowerCase() === name || (matcher.isThere && matchString(matcher, name))
}
