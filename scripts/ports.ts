import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'

/** True when a server could listen on this loopback port now. */
export const isFree = async (port: number): Promise<boolean> => {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch {
    return false
  }
  await once(server.close(), 'close')
  return true
}

/** The first free loopback port above `port`, leaving out those that are `used` for something else. */
export const findFreePortAbove = async (port: number, used: readonly number[]): Promise<number> => {
  let candidate = port + 1
  while (used.includes(candidate) || !(await isFree(candidate))) candidate += 1
  return candidate
}

/** As many different free loopback ports as asked for: all were open at the same time. */
export const findFreePorts = async (count: number): Promise<number[]> => {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return ports
}

/** True when something accepts a connection there within a second. */
export const isListening = async (host: string, port: number): Promise<boolean> => {
  const socket = connect({ host, port })
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(1000) })
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
