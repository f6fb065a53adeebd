import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { createClient } from '@redis/client'
import type { ExecutionContext } from 'ava'
import { eventually } from '../fixtures/eventually.ts'
import { makeFolder } from '../fixtures/folder.ts'

/** A redis-server of one test, and a connection to it for the test itself. */
export interface RedisServer {
  readonly port: number
  readonly url: string
  /** Sends a command; it connects at its first use, and again after a restart. */
  readonly send: (...command: readonly string[]) => Promise<unknown>
  readonly kill: (signal: NodeJS.Signals) => void
  /** Kills it; `start` starts it anew on the same port and folder. */
  readonly stop: () => Promise<void>
  readonly start: () => Promise<void>
}

/** A port that nobody listens on now. */
export const findPort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address ? address.port : 0
}

/** Starts a server with further settings, as in redis.conf without the dashes; it ends with the test. */
export const startRedis = async (
  t: ExecutionContext,
  settings: Readonly<Record<string, string>> = {},
  program = 'redis-server',
): Promise<RedisServer> => {
  const port = settings['port'] === undefined ? await findPort() : Number(settings['port'])
  const all = {
    port: `${port}`,
    bind: '127.0.0.1',
    dir: makeFolder(t),
    save: '',
    'enable-debug-command': 'local',
    ...settings,
  }
  const { '': file, ...named } = all as Readonly<Record<string, string>>
  const args = [
    ...(file === undefined ? [] : [file]),
    ...Object.entries(named).flatMap(([name, value]) => [`--${name}`, ...value.split(' ')]),
  ]
  let child: ReturnType<typeof spawn> | undefined
  let client: ReturnType<typeof connect> | undefined
  const connect = () => {
    const opened = createClient({ RESP: 2, socket: { host: '127.0.0.1', port, reconnectStrategy: false } })
    opened.on('error', () => {
      client = undefined
    })
    return opened.connect()
  }
  const server: RedisServer = {
    port,
    url: `redis://127.0.0.1:${port}`,
    send: async (...command) => {
      client ??= connect()
      return (await client).sendCommand([...command])
    },
    kill: (signal) => void child?.kill(signal),
    stop: async () => {
      if (!child) return
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
      child = undefined
      client = undefined
    },
    start: async () => {
      child = spawn(program, args, { stdio: 'ignore' })
      const isUp = async (): Promise<boolean> => {
        try {
          return (await server.send('PING')) === 'PONG'
        } catch (error) {
          client = undefined
          // It is there, and asks for a password.
          return error instanceof Error && error.message.startsWith('NOAUTH')
        }
      }
      if (!(await eventually(isUp, 10_000))) throw new Error(`${program} ${args.join(' ')} does not listen`)
    },
  }
  t.teardown(async () => {
    const open = await client?.catch(() => undefined)
    if (open?.isOpen) open.destroy()
    await server.stop()
  })
  await server.start()
  return server
}
