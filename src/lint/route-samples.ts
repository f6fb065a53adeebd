import type { Manager, ProxyRoute, VirtualHost } from './envoy-view.ts'
import type { Part } from './part.ts'
import { around, disguised, type Sample } from './sample.ts'

/** The virtual host that Envoy takes for a host: the exact name, the longest `*.name`, the longest `name.*`, `*`. */
export const pickHost = ({ hosts }: Manager, host: string): VirtualHost | undefined => {
  const candidates = hosts.flatMap((virtual) =>
    virtual.domains.map((domain) => ({ virtual, domain: domain.toLowerCase() })),
  )
  const longest = (accepts: (domain: string) => boolean): VirtualHost | undefined =>
    candidates.filter(({ domain }) => accepts(domain)).toSorted((a, b) => b.domain.length - a.domain.length)[0]?.virtual
  return (
    longest((domain) => domain === host.toLowerCase()) ??
    longest((domain) => /^\*./.test(domain) && host.endsWith(domain.slice(1))) ??
    longest((domain) => /.\*$/.test(domain) && host.startsWith(domain.slice(0, -1))) ??
    longest((domain) => domain === '*')
  )
}

/** The routes that may take a request: the last one does; those before it may, by what a file does not show. */
export const pickRoutes = ({ routes }: VirtualHost, sample: Sample): readonly ProxyRoute[] => {
  const picked: ProxyRoute[] = []
  for (const route of routes) {
    const answer = route.accepts(sample)
    if (answer !== 'no') picked.push(route)
    if (answer === 'yes') break
  }
  return picked
}

/** One host for each domain, with its wildcard filled in. `others` are for a domain that takes all. */
export const toDomainHosts = ({ domains }: VirtualHost, others: readonly string[]): readonly string[] =>
  domains.flatMap((domain) => {
    if (domain === '*') return [...others, 'other.example']
    return [domain.replace(/^\*/, 'x').replace(/\*$/, 'example')]
  })

/** Paths that tell what a route takes and what not. */
export const toRoutePaths = (match: Part): readonly string[] => {
  const path = toMatchPath(match)
  const upper = match.get('case_sensitive').text === 'false' ? [path.toUpperCase()] : []
  return [...around(path), ...upper, ...(match.get('path').isThere ? [] : disguised(path))]
}

/** The path that a match starts with: of a regular expression its literal beginning. */
const toMatchPath = (match: Part): string => {
  const [path] = ['path', 'prefix', 'path_separated_prefix'].flatMap((name) => match.get(name).text ?? [])
  if (path !== undefined) return path
  const [literal = ''] = /^(?:[/\w~-]|\\[.-])*(?![*?{])/.exec(match.get('safe_regex', 'regex').text ?? '') ?? []
  return literal.startsWith('/') ? literal.replaceAll('\\', '') : '/'
}
