import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { parse } from 'yaml'
import { writeFirstKey } from '../../demo/start/first-key.ts'
import { prepareFolder } from '../../demo/start/folder.ts'
import { toSummary } from '../../demo/start/summary.ts'
import { loadConfig } from '../../src/config/load.ts'
import { toDigest } from '../../src/key/digest.ts'

const ports = { PORT: 8080, ADMIN_PORT: 9901, GATE_PORT: 9001, OPS_PORT: 9003, DEMO_PORT: 9080 }

const makeFolder = (t: ExecutionContext): string => {
  const folder = mkdtempSync(join(tmpdir(), 'bearergate-test-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  return join(folder, '.demo')
}

test('the first start makes a valid policy, and git ignores the folder', async (t) => {
  const folder = makeFolder(t)
  const files = await prepareFolder(folder, ports)
  const loaded = loadConfig(files.policy, {})
  t.is(loaded.kind, 'loaded')
  const { listen, routes, keys } = parse(readFileSync(files.policy, 'utf8'))
  t.deepEqual(listen, { grpc: '127.0.0.1:9001', ops: '127.0.0.1:9003' })
  t.deepEqual(keys, [{ directory: './keys' }])
  for (const { host } of routes) t.deepEqual(host, ['localhost', '127.0.0.1'])
  t.is(readFileSync(join(folder, '.gitignore'), 'utf8'), '*\n')
})

test('a later start keeps what the user wrote into the policy, and follows the ports', async (t) => {
  const folder = makeFolder(t)
  const { policy } = await prepareFolder(folder, ports)
  const written = readFileSync(policy, 'utf8').replace('- name: api', '# Mine: { kept:   as it is }\n- name: api')
  writeFileSync(policy, written)
  await prepareFolder(folder, ports)
  t.is(readFileSync(policy, 'utf8'), written)
  await prepareFolder(folder, { ...ports, GATE_PORT: 9101 })
  t.is(readFileSync(policy, 'utf8'), written.replace('127.0.0.1:9001', '127.0.0.1:9101'))
})

test('a policy that is no YAML is left for the gate to complain about', async (t) => {
  const folder = makeFolder(t)
  const { policy } = await prepareFolder(folder, ports)
  writeFileSync(policy, 'routes: [')
  await prepareFolder(folder, { ...ports, GATE_PORT: 9101 })
  t.is(readFileSync(policy, 'utf8'), 'routes: [')
})

test('the first key is kept as a digest, in a file that its owner alone reads, and is made once', async (t) => {
  const file = join(makeFolder(t), 'keys', 'demo.yaml')
  const secret = (await writeFirstKey(file, 'demo')) ?? ''
  const text = readFileSync(file, 'utf8')
  t.deepEqual(parse(text), { keys: [{ id: 'demo', digest: `sha256:${toDigest(secret)}` }] })
  t.false(text.includes(secret))
  t.is(statSync(file).mode & 0o777, 0o600)
  t.is(await writeFirstKey(file, 'demo'), undefined)
  t.is(readFileSync(file, 'utf8'), text)
})

test('the summary shows the key on the run that made it, and where it is stored on the others', async (t) => {
  const files = await prepareFolder(makeFolder(t), ports)
  const first = toSummary({ ports }, files, 'bgk_secret')
  t.true(first.includes('curl -i -H "Authorization: Bearer bgk_secret" http://127.0.0.1:8080/api/hello'))
  const later = toSummary({ ports }, files)
  t.true(later.includes('curl -i -H "Authorization: Bearer $KEY" http://127.0.0.1:8080/api/hello'))
  t.true(later.includes(files.keySet))
})
