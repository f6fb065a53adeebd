import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as the service behind Envoy saw it. */
export interface Seen {
  readonly method: string
  readonly path: string
  /** Line by line, in their order; lower-case names. */
  readonly headers: readonly (readonly [name: string, value: string])[]
}

/** The service behind Envoy: it tells what it saw in the header `x-seen`, and repeats the bytes of a websocket. */
export const startEchoUpstream = async (): Promise<{ readonly port: number; readonly close: () => void }> => {
  const server = createServer((request, response) => {
    request.resume().once('end', () => response.setHeader('x-seen', JSON.stringify(toSeen(request))).end())
  })
  server.on('upgrade', (request, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n')
    socket.write(`x-seen: ${JSON.stringify(toSeen(request))}\r\n\r\n`)
    socket.on('error', () => socket.destroy()).pipe(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = (): void => {
    server.close()
    server.closeAllConnections()
  }
  return { port: (server.address() as AddressInfo).port, close }
}

const toSeen = ({ method = '', url = '', rawHeaders }: IncomingMessage): Seen => {
  const names = rawHeaders.filter((_, index) => index % 2 === 0)
  return {
    method,
    path: url,
    headers: names.map((name, index) => [name.toLowerCase(), rawHeaders[2 * index + 1] ?? '']),
  }
}
