import type { Policy } from '../core/check.ts'
import { parsePath } from '../core/path.ts'
import type { RequestView } from '../core/request.ts'
import { matchRoute, type Route } from '../core/route.ts'

/** One request that a policy and a proxy are both asked about. */
export type Sample = Pick<RequestView, 'method' | 'host' | 'path' | 'headers'>

/** Whether something takes a sample. `maybe`: what decides is not in the file, or is the client's to choose. */
export type Answer = 'yes' | 'no' | 'maybe'

const NO_HEADERS: ReadonlyMap<string, string> = new Map()
const WEBSOCKET = new Map([['upgrade', 'websocket']])
const PREFLIGHT = new Map([
  ['origin', 'https://elsewhere.example'],
  ['access-control-request-method', 'POST'],
])

/** Headers that a sample says all about; any other is the client's to send. */
export const KNOWN_HEADERS: ReadonlySet<string> = new Set(['upgrade', 'origin', 'access-control-request-method'])

const KINDS: readonly Pick<Sample, 'method' | 'headers'>[] = [
  ...['GET', 'POST', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].map((method) => ({ method, headers: NO_HEADERS })),
  { method: 'GET', headers: WEBSOCKET },
  { method: 'OPTIONS', headers: PREFLIGHT },
]

/** All methods, a websocket and a preflight on each of the paths of each of the hosts. */
export const toSamples = (hosts: Iterable<string>, paths: Iterable<string>): readonly Sample[] => {
  const allPaths = [...new Set(paths)]
  return [...new Set(hosts)].flatMap((host) =>
    allPaths.flatMap((path) => KINDS.map((kind) => ({ ...kind, host, path }))),
  )
}

/** True when the policy lets the request through without a credential. */
export const isPublic = ({ routes }: Policy, sample: Sample): boolean =>
  matchRoute(routes, sample)?.rule.kind === 'public'

/** True for a path that the gate takes as it is; any other costs a credential. */
export const isClear = ({ path }: Sample): boolean => parsePath(path).kind === 'clear'

/** `GET api.example.com/x`, for people. */
export const toSampleText = ({ method, host, path, headers }: Sample): string => {
  const kind = headers.has('upgrade') ? ' (websocket)' : headers.has('origin') ? ' (preflight)' : ''
  return `${method} ${host}${path}${kind}`
}

/** What the policy asks of a request, for people. */
export const toDemand = ({ routes }: Policy, sample: Sample): string => {
  const route = matchRoute(routes, sample)
  if (!route) return 'the policy has no route for it'
  return route.rule.kind === 'deny'
    ? `the route ${route.name} denies it`
    : `the route ${route.name} asks for a credential`
}

/** Hosts that the policy names; `*.example.com` as one of those below it. */
export const toHosts = ({ routes }: Policy): readonly string[] =>
  [...new Set(routes.list.flatMap(({ hosts = [] }) => hosts))].map((host) => host.replace(/^\*/, 'x'))

/** A path as it is, below it and beside it. */
export const around = (path: string): readonly string[] => {
  const bare = path.replace(/\/+$/, '')
  return [path, bare || '/', `${bare}/`, `${bare}/x`, `${bare}/x/y`, `${bare}x`].filter((one) => one.startsWith('/'))
}

/** Spellings that two programs could read differently, below a path. The gate never takes them for public. */
export const disguised = (path: string): readonly string[] => {
  const bare = path.replace(/\/+$/, '')
  return [`${bare}/..;/x`, `${bare}/x;y`, `${bare}/%25`]
}

/** Paths that the policy's routes speak of, and some that services tend to have. */
export const toPaths = ({ routes }: Policy): readonly string[] => [
  ...['/', '/x', '/api', '/api/x', '/admin', '/metrics'],
  ...routes.list.flatMap(({ paths = [] }: Route) => paths).flatMap((path) => around(path.replace(/\/\*$/, '/'))),
]
