import test from 'ava'
import fc from 'fast-check'
import { BEARER } from '../../src/core/carrier.ts'
import { matchHost, toHost } from '../../src/core/host.ts'
import { matchPath, parsePath } from '../../src/core/path.ts'
import { isPreflight, isUpgrade, type RequestView } from '../../src/core/request.ts'
import { matchRoute, type Route, type Routes, type Rule } from '../../src/core/route.ts'

/** Each asks for a scope of its own, so that the scopes of an answer say whose needs it joins, and in which order. */
const toRule = (kind: Rule['kind'], scope: string): Rule =>
  kind !== 'bearer'
    ? { kind }
    : {
        kind,
        realm: 'api',
        credentials: [BEARER],
        several: 'refuse',
        origins: [],
        accept: { keys: true, issuers: new Set() },
        scopes: [scope],
        authorization: { kind: 'remove' },
      }

/** What the index must agree with: the list, read from its start to its end. */
const readList = ({ list, byName }: Routes, request: RequestView): readonly [name?: string, scopes?: string] => {
  const toAnswer = (route: Route | undefined, of: readonly Route[]) =>
    route ? [route.name, of.flatMap(({ rule }) => (rule.kind === 'bearer' ? rule.scopes : [])).join()] : []
  const toOne = (route: Route | undefined) => toAnswer(route, route ? [route] : []) as [string?, string?]
  if (request.routeName !== undefined) return toOne(byName.get(request.routeName))
  const host = toHost(request.host)
  if (host === undefined) return []
  const path = parsePath(request.path)
  const meant = list.filter(
    ({ hosts, methods, preflight, paths, rule }) =>
      (!hosts || hosts.some((pattern) => matchHost(pattern, host))) &&
      (!methods || methods.includes(request.method)) &&
      (!preflight || isPreflight(request)) &&
      !(rule.kind === 'public' && (paths || preflight) && isUpgrade(request)),
  )
  if (path.kind === 'clear') {
    return toOne(meant.find(({ paths }) => !paths || paths.some((pattern) => matchPath(pattern, path.path))))
  }
  const closed = meant.filter(({ rule }) => rule.kind !== 'public')
  const deny = closed.find(({ rule }) => rule.kind === 'deny')
  return deny ? toOne(deny) : (toAnswer(closed[0], closed) as [string?, string?])
}

/** Few labels and segments, so that what is drawn often meets. */
const label = fc.constantFrom('a', 'xa')
const name = fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => labels.join('.'))
const segments = fc.array(fc.constantFrom('a', 'b', 'aa', ''), { maxLength: 3 }).map((list) => list.join('/'))
const hostPattern = fc.oneof(
  name,
  name.map((host) => `*.${host}`),
)
const pathPattern = fc.oneof(
  segments.map((path) => `/${path}`),
  segments.map((path) => `/${path}/*`),
  fc.constant('/*'),
)
const some = <T>(one: fc.Arbitrary<T>) =>
  fc.option(fc.array(one, { minLength: 1, maxLength: 3 }), { freq: 2, nil: undefined })
const METHODS = ['GET', 'POST', 'OPTIONS', 'CONNECT']

const route = fc.record({
  hosts: some(hostPattern),
  methods: some(fc.constantFrom(...METHODS)),
  paths: some(pathPattern),
  preflight: fc.constantFrom(false, false, false, true),
  kind: fc.constantFrom<Rule['kind'][]>('public', 'deny', ...Array<'bearer'>(8).fill('bearer')),
})
const policy = fc.array(route, { maxLength: 12 }).map((drawn): Routes => {
  const list = drawn.map(({ hosts, methods, paths, preflight, kind }, at) => ({
    name: `r${at}`,
    preflight,
    rule: toRule(kind, `s${at}`),
    ...(hosts && { hosts }),
    ...(methods && { methods }),
    ...(paths && { paths }),
  }))
  return { list, byName: new Map(list.map((one) => [one.name, one])) }
})
const request = fc
  .record({
    host: fc.oneof(
      name,
      name.map((host) => `${host.toUpperCase()}.:8443`),
      fc.constantFrom('', '.a', 'a,b', '[::1]', '*.a'),
    ),
    method: fc.constantFrom(...METHODS),
    path: fc.oneof(
      segments.map((path) => `/${path}?x=/a/`),
      segments.map((path) => `/${path}/..%2fa`),
      fc.constantFrom('/a/*', '/%61', '*', ''),
    ),
    headers: fc
      .subarray(['origin', 'access-control-request-method', 'upgrade'])
      .map((names): ReadonlyMap<string, string> => new Map(names.map((header) => [header, 'x']))),
    routeName: fc.constantFrom(undefined, undefined, undefined, 'r0', 'r7', '__proto__'),
  })
  .map(({ routeName, ...rest }): RequestView => ({ ...rest, ...(routeName !== undefined && { routeName }) }))

test('routes are found as the list reads from its start to its end', (t) => {
  const times = { found: 0, ambiguous: 0 }
  fc.assert(
    fc.property(policy, fc.array(request, { minLength: 1, maxLength: 20 }), (routes, requests) => {
      for (const one of requests) {
        const found = matchRoute(routes, one)
        const scopes = found?.rule.kind === 'bearer' ? found.rule.scopes.join() : ''
        t.deepEqual(found ? [found.name, scopes] : [], [...readList(routes, one)])
        if (found) times.found += 1
        if (scopes.includes(',')) times.ambiguous += 1
      }
    }),
    { numRuns: 1_000 },
  )
  // Else it would prove nothing.
  t.true(times.found > 1_000 && times.ambiguous > 50, JSON.stringify(times))
})

test('a host of any number of labels, and a path of any number of segments, costs no more than its length', (t) => {
  const list = [
    { name: 'api', preflight: false, hosts: ['*.example.com'], paths: ['/api/*'], rule: { kind: 'public' as const } },
  ]
  const routes = { list, byName: new Map() }
  const ask = (labels: number) => {
    const host = `${'a.'.repeat(labels)}example.com`
    const start = process.threadCpuUsage()
    const found = matchRoute(routes, { host, method: 'GET', path: `/api${'/a'.repeat(labels)}`, headers: new Map() })
    const { user, system } = process.threadCpuUsage(start)
    t.is(found?.name, 'api')
    return (user + system) / 1_000
  }
  // What each label costs as much as all of them would take many seconds.
  t.true(ask(200_000) < 1_000)
})
