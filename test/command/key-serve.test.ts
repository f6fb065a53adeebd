import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { eventually } from '../fixtures/eventually.ts'
import { makeFolder } from '../fixtures/folder.ts'
import { connectCheckClient } from '../vectors/check-client.ts'
import { startGateProcess, waitUntilListening, waitUntilReady } from '../vectors/gate-process.ts'
import { runCommand, secretOf } from './run-command.ts'

test('a gate that runs takes each edit over', async (t) => {
  const folder = makeFolder(t)
  const config = join(folder, 'bearergate.yaml')
  mkdirSync(join(folder, 'keys'))
  const listen = '{grpc: "127.0.0.1:0", ops: "127.0.0.1:0"}'
  writeFileSync(
    config,
    `listen: ${listen}\nkeys: [{directory: ./keys}]\nroutes: [{rule: bearer}]\ndrain: {delay: 0s}\n`,
  )
  const gate = startGateProcess(config)
  t.teardown(() => gate.stop())
  const addresses = await waitUntilListening(gate)
  await waitUntilReady(gate, addresses)
  const client = await connectCheckClient(addresses.grpc)
  t.teardown(client.close)
  const passes = async (secret: string): Promise<boolean> => {
    const http = { method: 'GET', host: 'api', path: '/', headers: { authorization: `Bearer ${secret}` } }
    const { answer } = await client.check({ attributes: { request: { http } } })
    return (answer.status?.code ?? 0) === 0
  }
  const key = async (command: string, ...args: readonly string[]): Promise<string> => {
    const result = await runCommand(['key', command, '--id', 'ci', '--config', config, ...args])
    t.is(result.code, 0, result.err)
    return secretOf(result)
  }

  const first = await key('new')
  t.true(await eventually(() => passes(first)))
  const second = await key('rotate', '--overlap', '24h')
  t.true(await eventually(() => passes(second)))
  t.true(await passes(first))
  const third = await key('rotate', '--overlap', '0s')
  t.true(await eventually(() => passes(third)))
  t.false((await passes(first)) || (await passes(second)))
  await key('disable')
  t.true(await eventually(async () => !(await passes(third))))
  await key('enable')
  t.true(await eventually(() => passes(third)))
  await key('revoke')
  t.true(await eventually(async () => !(await passes(third))))
})
