import { startEchoUpstream } from './echo-upstream.ts'
import { type Bootstrap, type BootstrapName, readBootstrap } from './read-bootstrap.ts'
import { type RunningEnvoy, startEnvoy } from './start-envoy.ts'
import { type PolicyFile, type RunningGate, startGate } from './start-gate.ts'

/** An API key that every gate accepts; its id is `ci`. */
export const KEY = 'e2e-7Qm2xVb0sTz9KfLw4RjYd1HcNpGu8AeX'

/** A header with that key. */
export const WITH_KEY = ['authorization', `Bearer ${KEY}`] as const

/** A shipped bootstrap at work: Envoy, gates with the policy beside it, and an echo as the service. */
export interface Stack {
  readonly envoy: RunningEnvoy
  readonly gates: readonly RunningGate[]
  readonly close: () => Promise<void>
}

/** What a test changes of what is shipped. */
export interface Changes {
  readonly policy?: (policy: PolicyFile) => void
  readonly bootstrap?: (bootstrap: Bootstrap) => void
  /** One, if left out. Without any, Envoy looks for one where there is none. */
  readonly gates?: number
  /** Envoy's worker threads; one, if left out. */
  readonly workers?: number
}

/** Starts a shipped bootstrap with its policy. */
export const startStack = async (name: BootstrapName, changes: Changes = {}): Promise<Stack> => {
  const parts: { readonly close: () => unknown }[] = []
  const started = async <T extends { readonly close: () => unknown }>(start: Promise<T>): Promise<T> => {
    const part = await start
    parts.push(part)
    return part
  }
  const close = async (): Promise<void> => {
    await Promise.all(parts.map((part) => part.close()))
  }
  try {
    const upstream = await started(startEchoUpstream())
    const gates: RunningGate[] = []
    for (let count = changes.gates ?? 1; count > 0; count -= 1) {
      gates.push(await started(startGate(name, { ci: KEY }, changes.policy)))
    }
    const bootstrap = readBootstrap(
      name,
      upstream.port,
      gates.length > 0 ? gates.map(({ address }) => address) : NOWHERE,
    )
    changes.bootstrap?.(bootstrap)
    const envoy = await started(startEnvoy(bootstrap, changes.workers))
    return { envoy, gates, close }
  } catch (error) {
    await close()
    throw error
  }
}

const NOWHERE = ['127.0.0.1:1']
