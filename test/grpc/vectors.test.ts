import test from 'ava'
import pino from 'pino'
import { loadConfig } from '../../src/config/load.ts'
import { serve } from '../../src/serve.ts'
import { eventually } from '../fixtures/eventually.ts'
import { connectCheckClient } from '../vectors/check-client.ts'
import { findLeaks } from '../vectors/find-leaks.ts'
import { runCases } from '../vectors/run-cases.ts'
import { createWorld } from '../vectors/world.ts'
import { writePolicy } from '../vectors/write-policy.ts'

// The same rows over a real connection, as Envoy asks.
runCases(test, async (policy) => {
  const world = await createWorld()
  const path = await writePolicy(policy, { grpc: '127.0.0.1:0', ops: '127.0.0.1:0' }, world)
  const loaded = loadConfig(path, {})
  if (loaded.kind === 'refused') throw new Error(JSON.stringify(loaded.problems))
  let printed = ''
  const log = pino(
    { level: 'debug' },
    {
      write: (line) => {
        printed += line
      },
    },
  )
  const served = await serve({ path, loaded, environment: {}, log, now: Date.now })
  const client = await connectCheckClient(served.grpc)
  if (!(await eventually(async () => (await client.askHealth()) === 'SERVING'))) throw new Error(printed)
  return {
    policy,
    world,
    ask: client.check,
    findLeaks: async () => {
      const pages = ['livez', 'readyz', 'metrics']
      const texts = await Promise.all(pages.map(async (page) => (await fetch(`http://${served.ops}/${page}`)).text()))
      return [printed, ...texts].flatMap((text, index) => findLeaks(['the log', ...pages][index] ?? '', text, world))
    },
    close: async () => {
      client.close()
      await served.drain()
      await world.close()
    },
  }
})
