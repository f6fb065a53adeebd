import type { AddressInfo, Server } from 'node:net'
import { removeStaleSocket } from './stale-socket.ts'

const UNIX = 'unix:'

/**
 * Lets a server listen on `host:port` or `unix:/path`; resolves to the address with the port that was bound. Throws when
 * the address is taken.
 */
export const bind = async (server: Server, address: string): Promise<string> => {
  const isUnix = address.startsWith(UNIX)
  const path = address.slice(UNIX.length)
  if (isUnix) await removeStaleSocket(path)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(isUnix ? { path } : toHostAndPort(address), resolve)
  })
  const bound = server.address() as AddressInfo | string
  return typeof bound === 'string' ? address : address.replace(/:\d+$/, `:${bound.port}`)
}

const toHostAndPort = (address: string): { readonly host: string; readonly port: number } => {
  const colon = address.lastIndexOf(':')
  // An IPv6 address stands in brackets.
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) }
}
