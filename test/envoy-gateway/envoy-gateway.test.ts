import test from 'ava'
import { CI, FORGED, toIdentityLines } from '../e2e/identity-lines.ts'
import { eachRow } from '../e2e/requests/each-row.ts'
import { API } from '../e2e/requests/rows.ts'
import { sendRequest } from '../e2e/send-request.ts'
import { WITH_KEY } from '../e2e/start-stack.ts'
import { startGateway } from './start-gateway.ts'

const FLOWS = { host: API, path: '/api/flows' }

eachRow({ name: 'envoy-gateway', host: API, hasUi: true, start: startGateway })

test.serial('CVE-2025-64484: nothing that a client says about itself reaches the service', async (t) => {
  const { port, close } = await startGateway()
  t.teardown(close)
  t.deepEqual(toIdentityLines((await sendRequest(port, { ...FLOWS, headers: [WITH_KEY, ...FORGED] })).seen), CI)
  const underscored = ['x_auth_request_user', 'root'] as const
  t.is((await sendRequest(port, { ...FLOWS, headers: [WITH_KEY, underscored] })).status, 400)
})

test.serial('timeout, statusOnError, failOpen: without the gate every request is 503', async (t) => {
  const { port, gate, close } = await startGateway()
  t.teardown(close)
  const ask = async () => (await sendRequest(port, { ...FLOWS, headers: [WITH_KEY] })).status
  t.is(await ask(), 200)
  gate.kill('SIGSTOP')
  const start = performance.now()
  t.is(await ask(), 503)
  t.true(performance.now() - start < 5_000)
  gate.kill('SIGCONT')
  await gate.close()
  t.is(await ask(), 503)
  t.is((await sendRequest(port, { host: API, path: '/api/health' })).status, 503)
})
