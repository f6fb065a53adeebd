import type { RequestView } from '../../src/core/request.ts'

interface StringMatch {
  readonly exact?: string
  readonly safe_regex?: { readonly regex: string }
}

/** As much of Envoy's route as the rendered bootstraps use. */
export interface EnvoyRoute {
  readonly match: {
    readonly path?: string
    readonly prefix?: string
    readonly path_separated_prefix?: string
    readonly safe_regex?: { readonly regex: string }
    readonly case_sensitive?: boolean
    readonly headers?: readonly {
      readonly name: string
      readonly string_match?: StringMatch
      readonly present_match?: boolean
    }[]
  }
  readonly direct_response?: { readonly status: number }
  readonly route?: { readonly cluster: string }
  readonly request_headers_to_remove?: readonly string[]
  readonly typed_per_filter_config?: Readonly<Record<string, { readonly disabled?: boolean }>>
}

export interface EnvoyVirtualHost {
  readonly domains: readonly string[]
  readonly routes: readonly EnvoyRoute[]
}

/**
 * The route that Envoy takes for a request, as its documentation has it: the domain first (exact, then the longest that
 * starts with `*`, then `*`), then the first route that matches. Paths come as they are, without normalisation.
 */
export const findEnvoyRoute = (
  virtualHosts: readonly EnvoyVirtualHost[],
  request: RequestView,
): EnvoyRoute | undefined => {
  const authority = request.host.toLowerCase()
  const domains = virtualHosts.flatMap((virtualHost) => virtualHost.domains.map((domain) => ({ domain, virtualHost })))
  const rank = (domain: string): number => {
    if (domain === authority) return 1000
    if (domain === '*') return 1
    return domain.startsWith('*') && authority.endsWith(domain.slice(1)) && authority.length > domain.length - 1
      ? domain.length
      : 0
  }
  const [best] = domains.toSorted((a, b) => rank(b.domain) - rank(a.domain))
  if (!best || rank(best.domain) === 0) return undefined
  return best.virtualHost.routes.find((route) => matches(route, request))
}

const matches = ({ match }: EnvoyRoute, request: RequestView): boolean => {
  const path = request.path.split('?', 1)[0] ?? ''
  const fold = (text: string): string => (match.case_sensitive === false ? text.toLowerCase() : text)
  const isPath =
    (match.path === undefined || path === match.path) &&
    (match.prefix === undefined || path.startsWith(match.prefix)) &&
    (match.path_separated_prefix === undefined ||
      fold(path) === fold(match.path_separated_prefix) ||
      fold(path).startsWith(`${fold(match.path_separated_prefix)}/`)) &&
    (match.safe_regex === undefined || isWhole(match.safe_regex.regex, path))
  return isPath && (match.headers ?? []).every((header) => matchesHeader(header, request))
}

const matchesHeader = (
  header: NonNullable<EnvoyRoute['match']['headers']>[number],
  { method, host, headers }: RequestView,
): boolean => {
  const value = new Map([...headers, [':method', method], [':authority', host]]).get(header.name)
  if (header.present_match !== undefined) return (value !== undefined) === header.present_match
  if (value === undefined) return false
  const { exact, safe_regex } = header.string_match ?? {}
  return exact === undefined ? isWhole(safe_regex?.regex ?? '', value) : value === exact
}

const isWhole = (regex: string, text: string): boolean => new RegExp(`^(?:${regex})$`).test(text)
