import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { parseDuration } from '../../src/config/duration.ts'
import { type Loaded, loadConfig } from '../../src/config/load.ts'
import { watchConfig } from '../../src/config/watch-config.ts'
import { eventually } from '../fixtures/eventually.ts'
import { makeFolder } from '../fixtures/folder.ts'

test('durations are whole numbers with a unit, in milliseconds', (t) => {
  t.is(parseDuration('30s'), 30_000)
  t.is(parseDuration('5m'), 300_000)
  t.is(parseDuration('24h'), 86_400_000)
  t.is(parseDuration('90d'), 7_776_000_000)
  for (const text of ['', '5', 's', '-5s', '1.5h', '5 s', '5ms', '1d12h']) t.is(parseDuration(text), undefined, text)
})

test('paths start at the folder of the file', (t) => {
  const folder = makeFolder(t)
  const path = join(folder, 'bearergate.yaml')
  writeFileSync(join(folder, 'password'), 's3cret\r\n')
  writeFileSync(
    path,
    `listen: {tls: {certificateFile: c.pem, keyFile: ./k.pem, clientCaFile: /ca.pem}}
keys: [{directory: keys}, {file: ../k.yaml}]
issuers: [{issuer: a, audiences: [b], jwksFile: jwks.json}]
routes: [{rule: bearer, authorization: {basic: {username: gate, passwordFile: password}}}]`,
  )
  const loaded = loadConfig(path, {})
  if (loaded.kind !== 'loaded') return t.fail()
  const { file, policy } = loaded.config
  t.deepEqual(file.listen.tls, {
    certificateFile: join(folder, 'c.pem'),
    keyFile: join(folder, 'k.pem'),
    clientCaFile: '/ca.pem',
  })
  t.deepEqual(file.keys, [{ directory: join(folder, 'keys') }, { file: join(folder, '../k.yaml') }])
  t.is(file.issuers[0]?.jwksFile, join(folder, 'jwks.json'))
  t.deepEqual([...loaded.readFrom.keys()], [path, join(folder, 'password')])
  const [route] = policy.routes.list
  t.deepEqual(route?.rule.kind === 'bearer' && route.rule.authorization, {
    kind: 'replace',
    value: `Basic ${Buffer.from('gate:s3cret').toString('base64')}`,
  })
})

test('a file of passwords is found from the folder of the configuration; what a route takes is what its listeners read', (t) => {
  const folder = makeFolder(t)
  const path = join(folder, 'bearergate.yaml')
  writeFileSync(
    path,
    `keys: [{directory: keys}]
routes: [{rule: bearer, realm: r, credentials: [bearer, {basic: {htpasswdFile: people}}, {cookie: T}, {header: X-Key}]}]`,
  )
  const loaded = loadConfig(path, {})
  if (loaded.kind !== 'loaded') return t.fail()
  const { routes, reads } = loaded.config.policy
  const [route] = routes.list
  t.deepEqual(route?.rule.kind === 'bearer' && route.rule.credentials, [
    { kind: 'bearer' },
    { kind: 'basic', realm: 'r', htpasswdFile: join(folder, 'people') },
    { kind: 'cookie', name: 'T' },
    { kind: 'header', name: 'x-key' },
  ])
  t.deepEqual([...reads].slice(-3), ['cookie', 'x-key', 'sec-fetch-site'])
})

test('a secret file for the upstream must hold what a bearer can carry', (t) => {
  const folder = makeFolder(t)
  const path = join(folder, 'bearergate.yaml')
  writeFileSync(join(folder, 'good'), 'token-of-the-upstream==\n')
  writeFileSync(join(folder, 'bad'), 'two words')
  const route = (file: string) => `  - {rule: bearer, authorization: {bearer: {secretFile: ${file}}}}\n`
  writeFileSync(path, `keys: [{directory: keys}]\nroutes:\n${route('good')}`)
  const loaded = loadConfig(path, {})
  if (loaded.kind !== 'loaded') return t.fail()
  const [first] = loaded.config.policy.routes.list
  t.deepEqual(first?.rule.kind === 'bearer' && first.rule.authorization, {
    kind: 'replace',
    value: 'Bearer token-of-the-upstream==',
  })
  writeFileSync(path, `keys: [{directory: keys}]\nroutes:\n${route('bad')}`)
  const refused = loadConfig(path, {})
  t.deepEqual(refused.kind === 'refused' && refused.problems, [
    {
      path: 'routes[0].authorization.bearer.secretFile',
      line: 3,
      column: 57,
      message: 'it holds a character that no bearer can carry (RFC 6750 §2.1), or is too long',
    },
  ])
})

test('a password file that is missing or empty is a problem at the line that names it', (t) => {
  const folder = makeFolder(t)
  const path = join(folder, 'bearergate.yaml')
  writeFileSync(join(folder, 'empty'), '\n')
  const route = (file: string) => `  - {rule: bearer, authorization: {basic: {username: a, passwordFile: ${file}}}}\n`
  writeFileSync(path, `keys: [{directory: keys}]\nroutes:\n${route('none')}${route('empty')}`)
  const loaded = loadConfig(path, {})
  t.deepEqual(loaded.kind === 'refused' && loaded.problems, [
    {
      path: 'routes[0].authorization.basic.passwordFile',
      line: 3,
      column: 71,
      message: `cannot be read: ENOENT: no such file or directory, open '${join(folder, 'none')}'`,
    },
    {
      path: 'routes[1].authorization.basic.passwordFile',
      line: 4,
      column: 71,
      message: 'the file is empty',
    },
  ])
})

test('a file that is not there is a problem, not an exception', (t) => {
  const loaded = loadConfig('/nowhere/bearergate.yaml', {})
  t.deepEqual(loaded.kind === 'refused' && loaded.problems, [
    {
      path: '',
      line: 1,
      column: 1,
      message: "cannot be read: ENOENT: no such file or directory, open '/nowhere/bearergate.yaml'",
    },
  ])
})

test('a change of the file, or of a password file that it names, is told about once', async (t) => {
  const folder = makeFolder(t)
  const path = join(folder, 'bearergate.yaml')
  const replace = (name: string, text: string) => {
    writeFileSync(join(folder, 'next'), text)
    renameSync(join(folder, 'next'), join(folder, name))
  }
  mkdirSync(join(folder, 'secrets'))
  writeFileSync(join(folder, 'secrets/password'), 'one')
  writeFileSync(path, 'routes: [{rule: public}]')
  const first = loadConfig(path, {})
  if (first.kind !== 'loaded') return t.fail()
  const told: Loaded[] = []
  t.teardown(watchConfig(path, first, {}, async (loaded) => void told.push(loaded)))

  replace('bearergate.yaml', 'routes: [{rule: publik}]')
  t.true(await eventually(() => told.length === 1))
  t.is(told[0]?.kind, 'refused')

  const bearer = 'routes: [{rule: bearer, authorization: {basic: {username: a, passwordFile: secrets/password}}}]'
  replace('bearergate.yaml', `keys: [{directory: k}]\n${bearer}`)
  t.true(await eventually(() => told.length === 2))
  t.is(told[1]?.kind, 'loaded')

  replace('secrets/password', 'two')
  t.true(await eventually(() => told.length === 3))
  const [loaded] = told.slice(2)
  const rule = loaded?.kind === 'loaded' ? loaded.config.policy.routes.list[0]?.rule : undefined
  t.deepEqual(rule?.kind === 'bearer' && rule.authorization, {
    kind: 'replace',
    value: `Basic ${Buffer.from('a:two').toString('base64')}`,
  })
  t.is(told.length, 3)
})

test('a change that comes while another one is taken over is taken over after it', async (t) => {
  const folder = makeFolder(t)
  const path = join(folder, 'bearergate.yaml')
  const replace = (text: string) => {
    writeFileSync(join(folder, 'next'), text)
    renameSync(join(folder, 'next'), path)
  }
  writeFileSync(join(folder, 'password'), 'one')
  writeFileSync(path, 'routes: [{rule: public}]')
  const first = loadConfig(path, {})
  const rules: unknown[] = []
  // Changed after it was read, before anybody watched.
  const bearer = 'rule: bearer, authorization: {basic: {username: a, passwordFile: password}}'
  replace(`keys: [{directory: k}]\nroutes: [{${bearer}}]`)
  const stop = watchConfig(path, first, {}, async (loaded) => {
    if (loaded.kind === 'loaded') rules.push(loaded.config.policy.routes.list[0]?.rule.kind)
    if (rules.length === 1) replace('routes: [{rule: deny}]')
    await sleep(300)
  })
  t.teardown(stop)
  t.true(await eventually(() => rules.length === 2, 8_000))
  t.deepEqual(rules, ['bearer', 'deny'])
})

test('a password file that comes after the configuration was refused for it is noticed', async (t) => {
  const folder = makeFolder(t)
  const path = join(folder, 'bearergate.yaml')
  mkdirSync(join(folder, 'secrets'))
  writeFileSync(path, 'routes: [{rule: public}]')
  const told: Loaded[] = []
  t.teardown(watchConfig(path, loadConfig(path, {}), {}, async (loaded) => void told.push(loaded)))
  const bearer = 'rule: bearer, authorization: {basic: {username: a, passwordFile: secrets/password}}'
  writeFileSync(path, `keys: [{directory: k}]\nroutes: [{${bearer}}]`)
  t.true(await eventually(() => told.at(-1)?.kind === 'refused', 8_000))
  writeFileSync(join(folder, 'secrets/password'), 'one')
  t.true(await eventually(() => told.at(-1)?.kind === 'loaded', 8_000))
})
