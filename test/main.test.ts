import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { isMistyped } from '../src/key/checksum.ts'
import { toDigest } from '../src/key/digest.ts'
import { parseKeyFile } from '../src/sources/key-file.ts'
import { eventually } from './fixtures/eventually.ts'
import { makeFolder } from './fixtures/folder.ts'
import { says, startServe } from './fixtures/start-serve.ts'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))

interface Result {
  readonly code: number
  readonly out: string
  readonly err: string
}

const run = (...args: readonly string[]): Promise<Result> =>
  new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err })
    })
  })

const ROUTES = 'routes: [{rule: public}]\nlisten: {grpc: "127.0.0.1:0", ops: "127.0.0.1:0"}\ndrain: {delay: 0s}\n'

test('check-config says what is fine', async (t) => {
  const path = join(makeFolder(t), 'bearergate.yaml')
  writeFileSync(path, ROUTES)
  t.deepEqual(await run('check-config', path), {
    code: 0,
    out: `${path}: ok (routes: 1, key sources: 0, issuers: 0)\n`,
    err: '',
  })
})

test('check-config and serve report every problem with line and column, and exit with 78', async (t) => {
  const path = join(makeFolder(t), 'bearergate.yaml')
  writeFileSync(path, 'routes:\n  - {rule: allow}\n  - {rule: public, path: x}\n')
  const err = [
    `${path}:2:12: routes[0].rule: write public, bearer or deny`,
    `${path}:3:26: routes[1].path: write a decoded path that starts with / and has no escape, query, ; or dot segment; a subtree ends in /*`,
    '',
  ].join('\n')
  t.deepEqual(await run('check-config', path), { code: 78, out: '', err })
  t.deepEqual(await run('serve', '--config', path), { code: 78, out: '', err })
})

test('wrong usage exits with 64, help with 0', async (t) => {
  t.is((await run('serve')).code, 64)
  t.is((await run('no-such-command')).code, 64)
  t.is((await run('key', 'new', '--id', 'a', '--scopes', 'a b')).code, 64)
  t.is((await run('key', 'new', '--id', 'a', '--expires', 'tomorrow')).code, 64)
  t.is((await run('key', 'new', '--id', 'a', '--expires', '2020-01-01T00:00:00Z')).code, 64)
  for (const command of [[], ['serve'], ['check-config'], ['key', 'new']]) {
    const { code, out } = await run(...command, '--help')
    t.is(code, 0)
    t.regex(out, /^Usage: bearergate/)
  }
})

test('key new sends the secret to standard error, once, and a record that holds its digest to standard output', async (t) => {
  const { code, out, err } = await run('key', 'new', '--id', 'ci', '--scopes', 'a,b', '--expires', '90d')
  t.is(code, 0)
  const secret = /^bgk_\w+$/m.exec(err)?.[0] ?? ''
  t.false(isMistyped(secret))
  t.false(out.includes(secret))
  const parsed = parseKeyFile('k.yaml', Buffer.from(`keys:\n${out}`))
  const record = parsed.kind === 'parsed' ? parsed.records[0] : undefined
  t.like(record, { id: 'ci', digest: toDigest(secret), scopes: ['a', 'b'], disabled: false })
  t.true(Math.abs((record?.expires ?? 0) - Date.now() - 90 * 86_400_000) < 60_000)
})

test('key new --kubernetes prints a manifest alone', async (t) => {
  const { out } = await run('key', 'new', '--id', 'ci', '--kubernetes')
  t.regex(out, /^apiVersion: v1\nkind: Secret\n/)
})

test('SIGTERM drains and exits with 0', async (t) => {
  const running = startServe(t, ROUTES)
  t.true(await says(running, 'SERVING'))
  running.child.kill('SIGTERM')
  // Not at its exit: the rest of what it wrote may still be on its way.
  t.deepEqual(await once(running.child, 'close'), [0, null])
  t.deepEqual(
    running.log().map(({ msg }) => msg),
    ['starting', 'listening', 'SERVING', 'draining', 'NOT_SERVING'],
  )
})

test('while it drains it is NOT_SERVING, and a second signal ends it at once', async (t) => {
  const running = startServe(t, ROUTES.replace('0s', '60s'))
  t.true(await says(running, 'SERVING'))
  const ops = String(running.log().find(({ msg }) => msg === 'listening')?.['ops'])
  running.child.kill('SIGTERM')
  t.true(await says(running, 'NOT_SERVING'))
  t.deepEqual(await (await fetch(`http://${ops}/readyz`)).json(), { ready: false, problems: ['draining'] })
  const exited = once(running.child, 'exit')
  running.child.kill('SIGINT')
  t.deepEqual(await exited, [0, null])
})

test('a taken address exits with 69 and is named', async (t) => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const bound = server.address()
  const address = `127.0.0.1:${typeof bound === 'object' && bound ? bound.port : 0}`
  for (const listener of ['grpc', 'ops']) {
    const running = startServe(t, ROUTES.replace(`${listener}: "127.0.0.1:0"`, `${listener}: "${address}"`))
    t.deepEqual(await once(running.child, 'exit'), [69, null])
    t.true(JSON.stringify(running.log().at(-1)).includes(address), listener)
  }
})

test('a change of listen asks for a restart', async (t) => {
  const running = startServe(t, ROUTES)
  t.true(await says(running, 'SERVING'))
  writeFileSync(running.path, ROUTES.replace('ops: "127.0.0.1:0"', 'ops: "127.0.0.1:1"'))
  t.true(await says(running, 'listen or workers have changed: that takes effect at the next start'))
})

test('a refused change of the configuration is named on /readyz, which stays 200, until it is mended', async (t) => {
  const running = startServe(t, ROUTES)
  t.true(await says(running, 'SERVING'))
  const ops = String(running.log().find(({ msg }) => msg === 'listening')?.['ops'])
  const problems = async (): Promise<readonly string[]> => {
    const response = await fetch(`http://${ops}/readyz`)
    t.is(response.status, 200)
    return ((await response.json()) as { readonly problems: readonly string[] }).problems
  }
  writeFileSync(running.path, ROUTES.replace('public', 'publik'))
  const problem = `${running.path}:1:17: routes[0].rule: write public, bearer or deny`
  t.true(await eventually(async () => (await problems()).join() === problem))
  writeFileSync(running.path, ROUTES)
  t.true(await eventually(async () => (await problems()).length === 0))
})
