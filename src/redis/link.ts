import { setTimeout as sleep } from 'node:timers/promises'
import type { RedisSourceConfig } from '../config/redis-source-schema.ts'
import { within } from '../lookup/within.ts'
import { locateServer } from './locate-server.ts'
import { type Client, type Endpoint, openClient, toFailureText } from './open-client.ts'

/** What a link tells. None of it may throw. */
export interface LinkListener {
  /** A new connection is there, and tells of all changes from now on: what was read before may be wrong. */
  readonly onUp: () => void
  readonly onDown: (problem: string) => void
  /** A name was written; undefined stands for all of them. */
  readonly onChange: (name: string | undefined) => void
}

/** The connection to the server that holds the keys, made anew for as long as it is wanted. */
export interface RedisLink {
  /** Resolves when the first attempt has ended. */
  readonly tried: Promise<void>
  readonly isUp: () => boolean
  /** Rejects with the server's own error, or when there is no connection. */
  readonly send: (command: readonly string[]) => Promise<unknown>
  /** Up to when all changes are known, on the clock of `now`: minus infinity before the first connection. */
  readonly currentAt: () => number
  readonly close: () => void
}

const HEARTBEAT_MILLISECONDS = 500
const PATIENCE_MILLISECONDS = 1_000
const RELOCATE_MILLISECONDS = 2_000
const FIRST_RETRY_MILLISECONDS = 100
const LAST_RETRY_MILLISECONDS = 2_000

/**
 * Asks the server twice a second whether it is there and is no replica, which would hear of changes late or never. An
 * answer stands behind all changes in the stream, so it proves that none was missed. `now` is in milliseconds.
 */
export const createRedisLink = (config: RedisSourceConfig, listener: LinkListener, now: () => number): RedisLink => {
  let client: Client | undefined
  let currentAt = Number.NEGATIVE_INFINITY
  let drop = new AbortController()
  let isClosed = false
  let retry = FIRST_RETRY_MILLISECONDS
  const first = Promise.withResolvers<void>()

  /** Up to when all changes are known. */
  const beat = async (asked: Client, endpoint: Endpoint): Promise<number> => {
    const sentAt = now()
    const role = await within(asked.sendCommand(['ROLE']), PATIENCE_MILLISECONDS)
    if (!Array.isArray(role)) throw new Error(`${toName(endpoint)} does not answer`)
    if (String(role[0]) !== 'master') throw new Error(`${toName(endpoint)} is a replica: keys are read from its master`)
    return sentAt
  }
  const live = async (): Promise<void> => {
    const endpoint = await locateServer(config)
    const opened = await openClient(endpoint, true)
    drop = new AbortController()
    const { signal } = drop
    if (isClosed) drop.abort()
    for (const event of ['error', 'end'] as const) opened.on(event, () => drop.abort())
    opened.on('invalidate', (name: unknown) => listener.onChange(name === null ? undefined : String(name)))
    try {
      // Whoever is not told of changes must not keep what was read.
      const isTold = await within(track(opened, config.prefix), PATIENCE_MILLISECONDS)
      if (!isTold) throw new Error(`${toName(endpoint)} does not answer`)
      const known = await beat(opened, endpoint)
      signal.throwIfAborted()
      listener.onUp()
      client = opened
      currentAt = known
      retry = FIRST_RETRY_MILLISECONDS
      first.resolve()
      void watchLocation(endpoint, signal)
      for (;;) {
        await sleep(HEARTBEAT_MILLISECONDS, undefined, { signal })
        currentAt = await beat(opened, endpoint)
      }
    } finally {
      client = undefined
      if (opened.isOpen) opened.destroy()
    }
  }
  /** A server that was replaced may go on answering those who have not heard of it. */
  const watchLocation = async (endpoint: Endpoint, signal: AbortSignal): Promise<void> => {
    while (config.sentinel && !signal.aborted) {
      await sleep(RELOCATE_MILLISECONDS, undefined, { ref: false })
      const found = await locateServer(config).catch(() => endpoint)
      if (toName(found) !== toName(endpoint)) drop.abort()
    }
  }
  const run = async (): Promise<void> => {
    while (!isClosed) {
      try {
        await live()
      } catch (error) {
        const isLost = error instanceof Error && error.name === 'AbortError'
        if (!isClosed) listener.onDown(isLost ? 'the connection was lost' : toFailureText(error))
      }
      first.resolve()
      // Not all gates at once.
      if (!isClosed) await sleep(retry * (0.5 + Math.random()), undefined, { ref: false })
      retry = Math.min(retry * 2, LAST_RETRY_MILLISECONDS)
    }
  }

  void run()
  return {
    tried: first.promise,
    isUp: () => client !== undefined,
    send: async (command) => {
      if (!client) throw new Error('there is no connection')
      try {
        return await client.sendCommand([...command])
      } catch (error) {
        // Redis Cluster: the names have gone to another node.
        if (error instanceof Error && error.message.startsWith('MOVED ')) drop.abort()
        throw error
      }
    },
    currentAt: () => currentAt,
    close: () => {
      isClosed = true
      drop.abort()
    },
  }
}

/** All changes of names with the prefix, not only of those that were read: a flood of unknown ones costs no memory there. */
const track = async (client: Client, prefix: string): Promise<true> => {
  await client.sendCommand(['CLIENT', 'TRACKING', 'OFF'])
  await client.sendCommand(['CLIENT', 'TRACKING', 'ON', 'BCAST', 'PREFIX', `${prefix}key:`])
  return true
}

const toName = ({ host, port }: Endpoint): string => `${host}:${port}`
