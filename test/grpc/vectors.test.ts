import test from 'ava'
import { connectCheckClient } from '../vectors/check-client.ts'
import { runCases } from '../vectors/run-cases.ts'
import { servePolicy } from '../vectors/serve-policy.ts'

// The same rows over a real connection, as Envoy asks.
runCases(test, async (policy) => {
  const { served, close, ...gate } = await servePolicy(policy, { grpc: '127.0.0.1:0' })
  const client = await connectCheckClient(served.grpc)
  return {
    ...gate,
    policy,
    ask: client.check,
    close: async () => {
      client.close()
      await close()
    },
  }
})
