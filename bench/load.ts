import { setTimeout as sleep } from 'node:timers/promises'
import { Client, credentials } from '@grpc/grpc-js'
import { checkMethod } from '../test/vectors/check-method.ts'

const CHECKS_PER_SECOND = 2_000
const TURN_MILLISECONDS = 5
/** So many wait for an answer at most, as behind an Envoy with a time-out: a gate that is too slow gets fewer checks. */
const MAX_WAITING = 100

/** What was asked since the last time: checks, the longest wait of one in milliseconds, and how long that was. */
export interface Asked {
  readonly checks: number
  readonly worst: number
  readonly seconds: number
}

/** A steady stream of checks. */
export interface Load {
  /** Whose secrets are shown from now on. */
  readonly show: (toSecret: () => string) => void
  readonly take: () => Asked
  /** True when a secret passes. */
  readonly passes: (secret: string) => Promise<boolean>
  readonly close: () => Promise<void>
}

/** Asks a gate 2,000 times a second; a check that did not pass ends the program. */
export const startLoad = (address: string, first: () => string): Load => {
  const client = new Client(address, credentials.createInsecure())
  const asIs = (bytes: Buffer): Buffer => bytes
  const toMessage = (secret: string): Buffer =>
    checkMethod.requestSerialize({
      attributes: {
        request: {
          http: { host: 'a.example.com', method: 'GET', path: '/', headers: { authorization: `Bearer ${secret}` } },
        },
      },
    } as never)
  const ask = (message: Buffer): Promise<boolean> =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(checkMethod.path, asIs, asIs, message, (error, answer) => {
        if (error) reject(error)
        else resolve((checkMethod.responseDeserialize(answer ?? Buffer.alloc(0)).status?.code ?? 0) === 0)
      })
    })
  let toSecret = first
  let since = performance.now()
  let worst = 0
  let checks = 0
  let waiting = 0
  let isOver = false
  const askOne = async (): Promise<void> => {
    const message = toMessage(toSecret())
    const start = performance.now()
    waiting += 1
    if (!(await ask(message))) throw new Error('a check did not pass')
    waiting -= 1
    checks += 1
    worst = Math.max(worst, performance.now() - start)
  }
  const run = async (): Promise<void> => {
    const start = performance.now()
    let asked = 0
    while (!isOver) {
      const due = Math.floor(((performance.now() - start) * CHECKS_PER_SECOND) / 1_000)
      for (; asked < due; asked += 1) if (waiting < MAX_WAITING) void askOne()
      await sleep(TURN_MILLISECONDS)
    }
  }
  const running = run()
  return {
    show: (next) => {
      toSecret = next
    },
    take: () => {
      const taken = { checks, worst, seconds: (performance.now() - since) / 1_000 }
      since = performance.now()
      worst = 0
      checks = 0
      return taken
    },
    passes: (secret) => ask(toMessage(secret)),
    close: async () => {
      isOver = true
      await running
      while (waiting > 0) await sleep(TURN_MILLISECONDS)
      client.close()
    },
  }
}
