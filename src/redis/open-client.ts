import { createClient } from '@redis/client'
import { within } from './within.ts'

/** A server, and how to log in there. */
export interface Endpoint {
  readonly host: string
  readonly port: number
  readonly username: string | undefined
  readonly password: string | undefined
  readonly database: number
  readonly tls?: { readonly ca?: string; readonly servername?: string }
}

export type Client = Awaited<ReturnType<typeof openClient>>

/** How long a server may take to accept us, and to let us in, in milliseconds. */
const CONNECT_MILLISECONDS = 1_000
const LOGIN_MILLISECONDS = 1_500

/**
 * One connection, which is not made anew when it ends. With `tracks` it tells of changes by the event `invalidate`.
 * Throws when there is none within 1.5 s.
 */
export const openClient = async ({ host, port, username, password, database, tls }: Endpoint, tracks = false) => {
  const place = { host, port, connectTimeout: CONNECT_MILLISECONDS, reconnectStrategy: false } as const
  const client = createClient({
    // Push messages, which tell of changes, came with the third version of the protocol (Redis 6).
    RESP: 3,
    socket: tls ? { ...place, ...tls, tls: true } : place,
    ...(password !== undefined && { username: username ?? 'default', password }),
    database,
    emitInvalidate: tracks,
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled',
  })
  let failure: unknown
  client.on('error', (error) => {
    failure ??= error
  })
  const connected = client.connect().then(
    () => true,
    (error: unknown) => {
      failure ??= error
      return false
    },
  )
  if (await within(connected, LOGIN_MILLISECONDS)) return client
  if (client.isOpen) client.destroy()
  throw new Error(`${host}:${port}: ${toText(failure)}`)
}

const toText = (failure: unknown): string => {
  if (failure === undefined) return `no answer within ${LOGIN_MILLISECONDS} ms`
  const { message, code } = failure as NodeJS.ErrnoException
  return message || code || String(failure)
}
