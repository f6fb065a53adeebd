import pino from 'pino'
import { loadConfig } from '../../src/config/load.ts'
import { toCredentialHeaders } from '../../src/core/route.ts'
import { createOpenOps } from '../../src/ops/listen.ts'
import { type Served, serve } from '../../src/serve.ts'
import { eventually } from '../fixtures/eventually.ts'
import { findLeaks } from './find-leaks.ts'
import type { PolicyFixture } from './policy-file.ts'
import { createWorld, type World } from './world.ts'
import { type Listen, writePolicy } from './write-policy.ts'

/** A gate in this process with one policy, ready to judge. */
export interface ServedPolicy {
  readonly world: World
  readonly served: Served
  /** The headers that the policy takes credentials from. */
  readonly credentialHeaders: readonly string[]
  /** Looks through its log and all pages of its ops listener. */
  readonly findLeaks: () => Promise<readonly string[]>
  readonly close: () => Promise<void>
}

/** Serves a policy at those addresses and waits until it is ready. */
export const servePolicy = async (policy: PolicyFixture, listen: Listen): Promise<ServedPolicy> => {
  const world = await createWorld()
  const path = await writePolicy(policy, { ops: '127.0.0.1:0', ...listen }, world)
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
  const served = await serve({
    path,
    loaded,
    environment: {},
    log,
    worker: 0,
    openOps: createOpenOps('127.0.0.1:0'),
    now: Date.now,
  })
  const isReady = async () => (await fetch(`http://${served.ops}/readyz`)).ok
  if (!(await eventually(isReady))) throw new Error(printed)
  return {
    world,
    served,
    credentialHeaders: toCredentialHeaders(loaded.config.policy.routes.list),
    findLeaks: async () => {
      const pages = ['livez', 'readyz', 'metrics']
      const texts = await Promise.all(pages.map(async (page) => (await fetch(`http://${served.ops}/${page}`)).text()))
      return [printed, ...texts].flatMap((text, index) => findLeaks(['the log', ...pages][index] ?? '', text, world))
    },
    close: async () => {
      await served.drain()
      await world.close()
    },
  }
}
