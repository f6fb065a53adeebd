import { setTimeout as sleep } from 'node:timers/promises'
import { type CheckClient, connectCheckClient } from '../vectors/check-client.ts'
import { findLeaks } from '../vectors/find-leaks.ts'
import {
  type Addresses,
  type GateProcess,
  startGateProcess,
  waitUntilListening,
  waitUntilReady,
} from '../vectors/gate-process.ts'
import type { PolicyFixture } from '../vectors/policy-file.ts'
import { createWorld, type World } from '../vectors/world.ts'
import { writePolicy } from '../vectors/write-policy.ts'
import type { Starting } from './scenario-file.ts'

/** A gate in a process of its own, in a world of its own. */
export interface Stage {
  readonly policy: PolicyFixture
  readonly world: World
  readonly start: (how: Starting) => Promise<readonly string[]>
  /** The running gate; it throws before `start`. */
  readonly gate: () => RunningGate
  /** Looks for secrets in all that the gate has shown, and ends it. */
  readonly close: () => Promise<readonly string[]>
}

export interface RunningGate {
  readonly process: GateProcess
  readonly client: CheckClient
  /** Status and text of a page of the ops listener. */
  readonly read: (page: string) => Promise<{ readonly status: number; readonly text: string }>
}

/** Ports are the system's choice; the gate's log tells them. */
export const LISTEN = { grpc: '127.0.0.1:0', ops: '127.0.0.1:0' }

const PAGES = ['livez', 'readyz', 'metrics']

/** Makes the world and writes the policy; nothing runs yet. */
export const createStage = async (policy: PolicyFixture): Promise<Stage> => {
  const world = await createWorld()
  const configFile = await writePolicy(policy, LISTEN, world)
  let process: GateProcess | undefined
  let running: RunningGate | undefined

  const begin = async (started: GateProcess, ready: boolean): Promise<readonly string[]> => {
    const addresses = await waitUntilListening(started)
    running = { process: started, client: await connectCheckClient(addresses.grpc), read: readFrom(addresses) }
    if (ready) await waitUntilReady(started, addresses)
    return []
  }

  return {
    policy,
    world,
    start: ({ ready, fails, says }) => {
      process = startGateProcess(configFile)
      return fails ? judgeFailedStart(process, says) : begin(process, ready)
    },
    gate: () => {
      if (!running) throw new Error('the gate was not started')
      return running
    },
    close: async () => {
      const pages = running ? await Promise.all(PAGES.map(running.read)).catch(() => []) : []
      running?.client.close()
      const end = await process?.stop()
      const complaints = [
        ...findLeaks('the output', process?.readOutput() ?? '', world),
        ...pages.flatMap(({ text }, index) => findLeaks(`/${PAGES[index]}`, text, world)),
        ...(running && end !== 0 ? [`the gate ended with ${end}; it printed:\n${process?.readOutput()}`] : []),
      ]
      await world.close()
      return complaints
    },
  }
}

const PATIENCE_MILLISECONDS = 15_000

const judgeFailedStart = async (process: GateProcess, says: readonly string[]): Promise<readonly string[]> => {
  const end = await Promise.race([process.ended, sleep(PATIENCE_MILLISECONDS, 0)])
  const output = process.readOutput()
  return [
    ...(end === 0 ? ['the gate runs on, or ended as if all were well'] : []),
    ...says.filter((word) => !output.includes(word)).map((word) => `the output does not name ${word}:\n${output}`),
  ]
}

const readFrom =
  ({ ops }: Addresses): RunningGate['read'] =>
  async (page) => {
    const response = await fetch(`http://${ops}/${page}`)
    return { status: response.status, text: await response.text() }
  }
