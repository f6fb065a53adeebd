import test from 'ava'
import fc from 'fast-check'
import { parse } from 'yaml'
import { matchRoute } from '../../src/core/route.ts'
import { renderEnvoy } from '../../src/render/render-envoy.ts'
import { type EnvoyRoute, type EnvoyVirtualHost, findEnvoyRoute } from './envoy-matcher.ts'
import { envoyOptions, textOf, upstream } from './envoy-options.ts'
import { toConfig } from './to-config.ts'

const HOSTS = ['a.example.com', 'b.example.com', 'x.b.example.com', '*.example.com', '*.b.example.com', 'c.example.org']
const PATHS = ['/', '/api', '/api/*', '/api/health', '/*', '/x/*', '/x/y', '/x/y/*', '/x.y', '/$/*']
const METHODS = ['GET', 'HEAD', 'POST', 'OPTIONS']

const some = (values: readonly string[]) => fc.subarray([...values], { minLength: 1, maxLength: 3 })

const route = fc
  .record(
    {
      host: some(HOSTS),
      path: some(PATHS),
      method: some(METHODS),
      preflight: fc.boolean(),
      rule: fc.constantFrom('public', 'public', 'bearer', 'deny'),
    },
    { requiredKeys: ['rule'] },
  )
  .map(({ preflight, method, ...rest }) => ({ ...rest, ...(preflight ? { preflight } : method && { method }) }))

const upstreams = fc
  .subarray([
    ...['/api=127.0.0.1:1', '/x=127.0.0.1:2', '/x/y=none', 'a.example.com/x=127.0.0.1:3', '*.example.com=127.0.0.1:4'],
    ...['a.example.com/api=none', 'b.example.com=127.0.0.1:5', '/api/health=127.0.0.1:6'],
  ])
  // Every host has a service, and no service is for a host that the policy does not know.
  .map((texts) => ['127.0.0.1:4200', ...texts])

const request = fc.record({
  method: fc.constantFrom(...METHODS, 'get', 'CONNECT', 'PROPFIND'),
  host: fc.constantFrom(
    ...['a.example.com', 'A.example.com', 'a.example.com:8080', 'a.example.com:80', 'a.example.com.', 'b.example.com'],
    ...[
      'x.b.example.com',
      'y.x.b.example.com:8080',
      'a.example.com:99',
      'c.example.org',
      'other',
      '10.0.0.1:8080',
      '[::1]:80',
    ],
    ...['', 'a.example.com,b.example.com', 'u@a.example.com', 'evil,x.b.example.com', '.example.com', 'x..example.com'],
  ),
  path: fc.constantFrom(
    ...[
      '/',
      '/api',
      '/api/',
      '/api/health',
      '/api/health?x=/x/../y',
      '/apix',
      '/x/',
      '/x',
      '/x/y',
      '/x/y/z',
      '/x.y',
      '/xzy',
    ],
    ...[
      '/x/../api',
      '/x/..;/api',
      '/x/./y',
      '//api',
      '/x//y',
      '/api%2fhealth',
      '/%61pi/health',
      '/a%20b',
      '/a b',
      '/x/...',
    ],
    ...[
      '/x/..',
      '/.',
      '/..',
      '/x/.well-known',
      '/API/health',
      '/api;x',
      '/$/a',
      '/é/a',
      '/x\\y',
      '/x#y',
      '*',
      '',
      '/x/y%00',
    ],
  ),
  headers: fc
    .subarray([
      ['upgrade', 'websocket'],
      ['origin', 'https://a.example.com'],
      ['access-control-request-method', 'GET'],
    ] as [string, string][])
    .map((headers) => new Map(headers)),
})

const isUnasked = (route: EnvoyRoute | undefined): boolean =>
  route?.typed_per_filter_config?.['envoy.filters.http.ext_authz']?.disabled === true

const toVirtualHosts = (text: string): readonly EnvoyVirtualHost[] =>
  parse(text).static_resources.listeners[0].filter_chains[0].filters[0].typed_config.route_config.virtual_hosts

test('CVE-2019-9901, CVE-2021-39155: whatever a rendered Envoy passes on unasked, the policy calls public', (t) => {
  let passed = 0
  fc.assert(
    fc.property(
      fc.array(route, { minLength: 1, maxLength: 6 }),
      upstreams,
      fc.array(request, { minLength: 100, maxLength: 100 }),
      (routes, services, requests) => {
        const config = toConfig({ routes })
        const known = services.map(upstream).filter(({ host }) => {
          const list = config.policy.routes.list
          return host === undefined || list.some(({ hosts }) => !hosts || hosts.includes(host))
        })
        const virtualHosts = toVirtualHosts(textOf(renderEnvoy(config, envoyOptions({ upstreams: known }))))
        for (const request of requests) {
          const found = findEnvoyRoute(virtualHosts, request)
          if (!isUnasked(found) || found?.direct_response) continue
          passed += 1
          if (matchRoute(config.policy.routes, request)?.rule.kind !== 'public') return false
        }
        return true
      },
    ),
    { numRuns: 60 },
  )
  t.true(passed > 10, String(passed))
})

const ask = (config: Readonly<Record<string, unknown>>, services: readonly string[]) => {
  const text = textOf(renderEnvoy(toConfig(config), envoyOptions({ upstreams: services.map(upstream) })))
  const virtualHosts = toVirtualHosts(text)
  return (host: string, path: string, method = 'GET'): string => {
    const found = findEnvoyRoute(virtualHosts, { host, path, method, headers: new Map() })
    if (!found) return 'no route'
    if (found.direct_response) return `${found.direct_response.status}`
    return `${isUnasked(found) ? 'pass' : 'ask'} ${found.route?.cluster}`
  }
}

test('the first route of the policy that matches decides, and what only looks like an exemption is asked about', (t) => {
  const to = ask(
    {
      routes: [
        { host: 'a.example.com', path: '/files/private/*', rule: 'bearer' },
        { host: 'a.example.com', path: ['/files/*', '/health'], rule: 'public' },
        { host: 'a.example.com', path: '/hook', method: 'POST', rule: 'public' },
        { host: 'a.example.com', rule: 'bearer' },
        { host: 'ui.example.com', rule: 'public' },
      ],
    },
    ['127.0.0.1:4200'],
  )
  t.is(to('a.example.com', '/files/a'), 'pass service')
  t.is(to('A.example.com:8080', '/files/a', 'HEAD'), 'pass service')
  t.is(to('a.example.com', '/health'), 'pass service')
  t.is(to('a.example.com', '/health', 'POST'), 'ask service')
  t.is(to('a.example.com', '/files/private/a'), 'ask service')
  t.is(to('a.example.com', '/files/a%20b'), 'ask service')
  t.is(to('a.example.com', '/files/../health'), 'ask service')
  t.is(to('a.example.com', '/hook', 'POST'), 'ask service')
  t.is(to('ui.example.com', '/login', 'POST'), 'pass service')
  t.is(to('ui.example.com', '/;/login'), 'ask service')
  t.is(to('a.example.com:9999', '/health'), 'no route')
})

test('a name that a route of its own closes is not opened by one for all names, however its port is written', (t) => {
  const to = ask(
    {
      routes: [
        { host: 'a.example.com', rule: 'bearer' },
        { path: '/health', rule: 'public' },
      ],
    },
    ['127.0.0.1:4200'],
  )
  t.is(to('b.example.com', '/health'), 'ask service')
  t.is(to('a.example.com:99', '/health'), 'ask service')
})

test('a service below a path has what is below it, and nothing is where the policy is told that nothing is', (t) => {
  const to = ask({ routes: [{ path: ['/api/health', '/ui/*'], rule: 'public' }, { rule: 'bearer' }] }, [
    ...['/api=127.0.0.1:1', '/api/old=none', '/ui=127.0.0.1:2'],
  ])
  t.is(to('x', '/api/health'), 'pass service')
  t.is(to('x', '/api/flows'), 'ask service')
  t.is(to('x', '/apis'), 'no route')
  t.is(to('x', '/API/OLD/x'), '404')
  t.is(to('x', '/api/OLD/x'), '404')
  t.is(to('x', '/ui/a'), 'pass service-2')
  t.is(to('x', '/ui'), 'ask service-2')
})
