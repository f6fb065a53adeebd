import test from 'ava'
import { BEARER } from '../../src/core/carrier.ts'
import type { RequestView } from '../../src/core/request.ts'
import { type BearerRule, matchRoute, type Route, type Rule } from '../../src/core/route.ts'

const bearer = (change: Partial<BearerRule> = {}): BearerRule => ({
  kind: 'bearer',
  realm: 'api',
  credentials: [BEARER],
  several: 'refuse',
  origins: [],
  accept: { keys: true, issuers: new Set(['https://a', 'https://b']) },
  scopes: [],
  authorization: { kind: 'remove' },
  ...change,
})
const route = (name: string, rule: Rule, more: Partial<Route> = {}): Route => ({
  name,
  preflight: false,
  rule,
  ...more,
})
const ask = (list: readonly Route[], change: Partial<RequestView> = {}) =>
  matchRoute(
    { list, byName: new Map(list.map((one) => [one.name, one])) },
    { method: 'GET', host: 'a.example.com', path: '/x/..%2fy', headers: new Map(), ...change },
  )

test('an ambiguous path is denied by any deny route of its host and method, wherever it stands', (t) => {
  const api = route('api', bearer(), { paths: ['/api/*'] })
  const internal = route('internal', { kind: 'deny' }, { paths: ['/internal/*'] })
  t.is(ask([api, internal]), internal)
  t.is(ask([internal, api]), internal)
  t.is(ask([api, { ...internal, hosts: ['b.example.com'] }])?.name, 'api')
  t.is(ask([api, { ...internal, methods: ['POST'] }])?.name, 'api')
})

test('an ambiguous path needs what all bearer routes need together, and is answered as the first would', (t) => {
  const first = bearer({ scopes: ['read'], realm: 'first', authorization: { kind: 'keep' } })
  const second = bearer({
    scopes: ['read', 'admin'],
    accept: { keys: false, issuers: new Set(['https://b', 'https://c']) },
  })
  t.deepEqual(ask([route('one', first, { paths: ['/a'] }), route('two', second, { paths: ['/b'] })])?.rule, {
    ...first,
    scopes: ['read', 'admin'],
    accept: { keys: false, issuers: new Set(['https://b']) },
  })
})

test('an ambiguous path is asked for a credential where all bearer routes take it; where none is left it is denied', (t) => {
  const header = { kind: 'header', name: 'x-api-key' } as const
  const machines = { kind: 'basic', realm: 'api' } as const
  const people = { kind: 'basic', realm: 'api', htpasswdFile: '/people' } as const
  const first = bearer({
    credentials: [BEARER, header, machines],
    several: 'first',
    origins: ['https://a', 'https://b'],
  })
  const second = bearer({ credentials: [header, people], several: 'first', origins: ['https://b'] })
  const rule = (...rules: readonly BearerRule[]) =>
    ask(rules.map((one, index) => route(`r${index}`, one, { paths: [`/${index}`] })))?.rule
  t.like(rule(first, second), { credentials: [header], several: 'first', origins: ['https://b'] })
  t.like(rule(first, { ...second, several: 'refuse' }), { several: 'refuse' })
  t.deepEqual(rule(first, bearer({ credentials: [people] })), { kind: 'deny' })
})

test('an ambiguous path where all is public has no route', (t) => {
  t.is(ask([route('ui', { kind: 'public' })]), undefined)
})

test('a route chosen by name is taken as it is; a name that nobody gave is no route', (t) => {
  const named = route('constructor', bearer(), { hosts: ['b.example.com'], methods: ['POST'], paths: ['/b'] })
  t.is(ask([named], { routeName: 'constructor' }), named)
  for (const routeName of ['', 'toString', '__proto__']) t.is(ask([named], { routeName }), undefined)
})
