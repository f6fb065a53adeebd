import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import type { RunningEnvoy } from './start-envoy.ts'
import { type SteadyLoad, startSteadyLoad } from './steady-load.ts'
import { startTwoGates, type TwoGates } from './two-gates.ts'

const PER_SECOND = 500
const RUNS = [1, 2, 3, 4, 5]
/** Between the steps, so that the load is seen to go on. */
const PAUSE_MILLISECONDS = 1_000

/** Two gates under load. The first requests are few and do not count: no program here has warmed up yet. */
const startUnderLoad = async (t: ExecutionContext): Promise<TwoGates & { readonly load: SteadyLoad }> => {
  const two = await startTwoGates(t)
  await two.untilAsked(2)
  const first = startSteadyLoad(two.envoy.port, two.wanted, PER_SECOND / 5)
  await sleep(PAUSE_MILLISECONDS)
  await first.stop()
  const load = startSteadyLoad(two.envoy.port, two.wanted, PER_SECOND)
  await sleep(PAUSE_MILLISECONDS)
  return { ...two, load }
}

interface Aftermath {
  /** How many requests Envoy asked another gate about, since the first gave no answer. */
  readonly retried: number
  readonly outages: number
}

/** Ends the load. No request may be lost, and none may have an answer that is wrong. */
const endLoad = async (t: ExecutionContext, load: SteadyLoad, envoy: RunningEnvoy): Promise<Aftermath> => {
  const { sent, outages, wrong, rate, longest } = await load.stop()
  const retried = await envoy.gateStat('upstream_rq_retry')
  t.log(
    `${sent} requests, ${Math.round(rate)}/s, ${retried} retried, ${outages} × 503, slowest ${Math.ceil(longest)} ms`,
  )
  t.deepEqual(wrong, [])
  t.true(sent > 2 * PER_SECOND)
  return { retried, outages }
}

for (const run of RUNS) {
  test.serial(`grpc_health_check: a rolling restart of both gates loses no request, run ${run}`, async (t) => {
    const { envoy, gates, load, startAgain, untilAsked } = await startUnderLoad(t)
    for (const gate of gates) {
      gate.kill('SIGTERM')
      await untilAsked(1)
      t.is(await gate.ended, 0)
      await startAgain(gate)
      await untilAsked(2)
      await sleep(PAUSE_MILLISECONDS)
    }
    t.deepEqual(await endLoad(t, load, envoy), { retried: 0, outages: 0 })
  })
}

for (const run of RUNS) {
  test.serial(`outlier_detection: a gate that is killed makes no answer wrong, run ${run}`, async (t) => {
    const { envoy, gates, load, startAgain, untilAsked } = await startUnderLoad(t)
    const [gate] = gates
    if (!gate) return t.fail('no gate')
    const answered = load.sent() - load.inFlight()
    gate.kill('SIGKILL')
    await untilAsked(1)
    const untilOut = load.sent() - answered
    t.is(await gate.ended, 'SIGKILL')
    await sleep(PAUSE_MILLISECONDS)
    await startAgain(gate)
    await untilAsked(2)
    await sleep(PAUSE_MILLISECONDS)
    const { retried, outages } = await endLoad(t, load, envoy)
    // No more than were under way while Envoy could still ask the dead gate.
    t.true(retried <= untilOut, `${retried} of ${untilOut}`)
    // An answer is one write, trailers and all: Envoy has all of it, or nothing and asks again.
    t.is(outages, 0)
  })
}
