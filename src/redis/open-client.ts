import { createClient } from '@redis/client'
import { within } from '../lookup/within.ts'

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
  throw new Error(`${host}:${port}: ${toText(failure, password)}`)
}

/** What is said of a failure, without the arguments that a server quotes: those of HELLO hold the password. */
export const toFailureText = (failure: unknown): string => {
  const { message, code } = failure as NodeJS.ErrnoException
  return (message || code || String(failure)).replace(/,? with args.*/is, '')
}

const toText = (failure: unknown, password: string | undefined): string => {
  if (failure === undefined) return `no answer within ${LOGIN_MILLISECONDS} ms`
  const text = toFailureText(failure)
  return password ? text.replaceAll(password, '***') : text
}
