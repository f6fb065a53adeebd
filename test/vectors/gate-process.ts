import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const toPath = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

const MAIN = toPath('../../src/main.ts')
/** Node keeps compiled code here: many gates are started, and each start is mostly compiling. */
const NODE_COMPILE_CACHE = toPath('../../node_modules/.cache/compiled')

export type End = number | NodeJS.Signals

/** A gate in a process of its own. */
export interface GateProcess {
  /** Everything it has printed so far. */
  readonly readOutput: () => string
  /** How it ended: the exit code, or the signal that killed it; undefined while it runs. */
  readonly readEnd: () => End | undefined
  readonly ended: Promise<End>
  /** Asks it to end, and waits until it has. */
  readonly stop: () => Promise<End>
}

/** Starts `bearergate serve` with that configuration file. */
export const startGateProcess = (configFile: string): GateProcess => {
  const child = spawn(process.execPath, [MAIN, 'serve', '--config', configFile], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_COMPILE_CACHE },
  })
  let output = ''
  let end: End | undefined
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const ended = once(child, 'close').then(([code, signal]) => {
    end = (code ?? signal) as End
    return end
  })
  return {
    readOutput: () => output,
    readEnd: () => end,
    ended,
    stop: async () => {
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), 5000)
      const how = await ended
      clearTimeout(timer)
      return how
    },
  }
}

/** Where a gate listens. */
export interface Addresses {
  readonly grpc: string
  readonly ops: string
}

/** Reads the addresses from its log line `listening`; throws with all that it printed when there is none. */
export const waitUntilListening = (gate: GateProcess): Promise<Addresses> =>
  waitFor(gate, 'did not listen', () => {
    const line = gate
      .readOutput()
      .split('\n')
      .find((text) => text.includes('"msg":"listening"'))
    return line === undefined ? undefined : (JSON.parse(line) as Addresses)
  })

/** Asks the ops listener until it is ready; throws with all that the gate printed when it never is. */
export const waitUntilReady = async (gate: GateProcess, { ops }: Addresses): Promise<void> => {
  await waitFor(gate, 'did not become ready', async () => {
    const { status } = await fetch(`http://${ops}/readyz`)
    return status === 200 || undefined
  })
}

/** In milliseconds. */
const PATIENCE = 20_000

const waitFor = async <T>(gate: GateProcess, failure: string, look: () => T | Promise<T>): Promise<NonNullable<T>> => {
  for (const end = Date.now() + PATIENCE; Date.now() < end; await sleep(25)) {
    const found = await look()
    if (found !== undefined && found !== null) return found
    if (gate.readEnd() !== undefined) break
  }
  throw new Error(`the gate ${failure}; it printed:\n${gate.readOutput()}`)
}
