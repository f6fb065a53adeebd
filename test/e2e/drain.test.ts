import { Agent } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { sendRequest } from './send-request.ts'
import { startStack, WITH_KEY } from './start-stack.ts'
import { waitFor } from './wait-for.ts'

test('grpc_health_check: SIGTERM of one of two gates under load loses no request', async (t) => {
  const { envoy, gates, close } = await startStack('front-proxy', { gates: 2, workers: 2 })
  const agent = new Agent({ keepAlive: true })
  t.teardown(close)
  t.teardown(() => agent.destroy())
  const request = { host: 'api.prefect.example.com', path: '/api/flows', headers: [WITH_KEY], agent }
  const counts = new Map<number, number>()
  let isOver = false
  const client = async (): Promise<void> => {
    while (!isOver) {
      const { status } = await sendRequest(envoy.port, request)
      counts.set(status, (counts.get(status) ?? 0) + 1)
      await sleep(5)
    }
  }
  const clients = Promise.all(Array.from({ length: 16 }, client))

  await sleep(1_000)
  t.is(await envoy.gateStat('membership_healthy'), 2)
  gates[0]?.kill('SIGTERM')
  const isOut = async () => (await envoy.gateStat('membership_healthy')) === 1 || undefined
  await waitFor('Envoy asks the other gate alone', isOut)
  gates[0]?.assertAlive()
  t.is(await gates[0]?.ended, 0)
  await sleep(1_000)
  isOver = true
  await clients

  t.deepEqual([...counts.keys()], [200])
  t.log(`${counts.get(200)} requests`)
})
