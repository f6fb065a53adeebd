import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { eachBootstrap } from './each-bootstrap.ts'
import type { Cluster } from './read-bootstrap.ts'
import { sendRequest } from './send-request.ts'
import type { RunningEnvoy } from './start-envoy.ts'
import { startStack, WITH_KEY } from './start-stack.ts'

const API = { host: 'api.prefect.example.com', path: '/api/flows', headers: [WITH_KEY] }

eachBootstrap(({ name, host }) => {
  test.serial(`${name}: status_on_error: without its gate the API answers 503, not 403, and probes pass`, async (t) => {
    const { envoy, gates, close } = await startStack(name)
    t.teardown(close)
    const ask = async (path: string, headers: readonly (typeof WITH_KEY)[] = []) =>
      (await sendRequest(envoy.port, { host, path, headers })).status
    t.is(await ask('/api/flows', [WITH_KEY]), 200)

    await gates[0]?.close()

    t.is(await ask('/api/flows', [WITH_KEY]), 503)
    t.is(await ask('/api/flows'), 503)
    t.is(await ask('/api/health'), 200)
    t.is(await ask('/api/ready'), 200)
  })
})

test.serial('retry_back_off: an answer that takes a third of a second is an answer, not an outage', async (t) => {
  const { envoy, gates, close } = await startStack('front-proxy')
  t.teardown(close)
  t.is((await sendRequest(envoy.port, API)).status, 200)

  gates[0]?.kill('SIGSTOP')
  const answer = sendRequest(envoy.port, API)
  await sleep(330)
  gates[0]?.kill('SIGCONT')

  t.is((await answer).status, 200)
})

test.serial('grpc_service.timeout: a gate that does not answer at all is an outage after a second', async (t) => {
  const { envoy, gates, close } = await startStack('front-proxy')
  t.teardown(close)
  gates[0]?.kill('SIGSTOP')
  const start = performance.now()
  t.is((await sendRequest(envoy.port, API)).status, 503)
  t.true(performance.now() - start < 2_000)
})

/** Kills one of two gates, then sends many requests at once. */
const killOneOfTwo = async (t: ExecutionContext, change: (cluster: Cluster) => void): Promise<RunningEnvoy> => {
  const { envoy, gates, close } = await startStack('front-proxy', {
    gates: 2,
    bootstrap: ({ static_resources: { clusters } }) => clusters.forEach(change),
  })
  t.teardown(close)
  t.is((await sendRequest(envoy.port, API)).status, 200)

  await gates[0]?.close()

  const answers = await Promise.all(Array.from({ length: 60 }, () => sendRequest(envoy.port, API)))
  t.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
  return envoy
}

test.serial('outlier_detection: a gate that was killed is out at once, and the other answers', async (t) => {
  const envoy = await killOneOfTwo(t, () => {})
  t.is(await envoy.gateStat('outlier_detection.ejections_enforced_total'), 1)
})

test.serial('previous_hosts: as long as a dead gate is not out, each request is tried at the other', async (t) => {
  await killOneOfTwo(t, (cluster) => {
    delete cluster['outlier_detection']
  })
})
