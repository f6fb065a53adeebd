import test from 'ava'
import { loadConfig } from '../../src/config/load.ts'
import { isGrpc } from '../../src/core/request.ts'
import { refused } from '../../src/core/verdict.ts'
import { createGate } from '../../src/gate.ts'
import { decodeCheck } from '../../src/grpc/decode-check.ts'
import { encodeVerdict } from '../../src/grpc/encode-verdict.ts'
import { checkMethod } from '../vectors/check-method.ts'
import { runCases } from '../vectors/run-cases.ts'
import { createWorld } from '../vectors/world.ts'
import { writePolicy } from '../vectors/write-policy.ts'

const DEAF = {
  reloaded: () => {},
  decided: () => {},
  turnedAway: () => {},
  cached: () => {},
  away: () => {},
  asked: () => {},
  lookedUp: () => {},
  fault: () => {},
}

// The decision without a listener; each message and each answer makes its way through its encoded bytes.
runCases(test, async (policy) => {
  const world = await createWorld()
  const loaded = loadConfig(await writePolicy(policy, {}, world), {})
  if (loaded.kind === 'refused') throw new Error(JSON.stringify(loaded.problems))
  const { file } = loaded.config
  const gate = await createGate(loaded.config, Date.now, DEAF)
  await gate.settled
  return {
    policy,
    world,
    ask: async (message) => {
      const bytes = checkMethod.requestSerialize(message)
      const start = performance.now()
      const request = decodeCheck(bytes, gate.reads())
      const verdict = request ? await gate.check(request) : refused('malformed_request')
      const millis = performance.now() - start
      const style = { isGrpc: request !== undefined && isGrpc(request), outage: file.outage }
      return { answer: checkMethod.responseDeserialize(encodeVerdict(verdict, style)), millis }
    },
    close: async () => {
      gate.close()
      await world.close()
    },
  }
})
