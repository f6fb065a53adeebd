import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders } from 'node:http'

/** The service of the demo: no authentication of its own, as the gate's first users have none. */
export interface DemoApi {
  readonly port: number
  close(): Promise<void>
}

const PAGE = new URL('demo-page.html', import.meta.url)

/** Listens on a loopback port with a few JSON endpoints under /api and a page without data at `/`. */
export const listenDemoApi = async (port: number): Promise<DemoApi> => {
  const page = await readFile(PAGE)
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0] ?? ''
    if (path === '/') {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page)
      return
    }
    const answer = ENDPOINTS[path]?.(request.headers)
    response
      .writeHead(answer ? 200 : 404, { 'content-type': 'application/json' })
      .end(`${JSON.stringify(answer ?? { message: 'no such endpoint' })}\n`)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port')
  return {
    port: address.port,
    close: async () => {
      server.closeAllConnections()
      await once(server.close(), 'close')
    },
  }
}

const ENDPOINTS: Record<string, ((headers: IncomingHttpHeaders) => object) | undefined> = {
  __proto__: null as never,
  '/api/health': () => ({ status: 'up' }),
  '/api/ready': () => ({ status: 'ready' }),
  '/api/hello': (headers) => ({ message: `Hello, ${headers['x-auth-request-user'] ?? 'whoever you are'}` }),
  '/api/headers': (headers) => headers,
}
