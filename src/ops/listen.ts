import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Registry } from 'prom-client'
import { removeStaleSocket } from '../stale-socket.ts'

/** What `/readyz` says. */
export interface Readiness {
  readonly ready: boolean
  /** What is missing or broken now, in words. There may be some while the gate is ready. */
  readonly problems: readonly string[]
}

export interface OpsListener {
  /** `host:port` with the port that was bound. */
  readonly address: string
  readonly close: () => Promise<void>
}

/** Serves `/livez`, `/readyz` and `/metrics` on a port of its own, where no client of Envoy's comes. */
export const listenOps = async (
  address: string,
  registry: Registry,
  readiness: () => Readiness,
): Promise<OpsListener> => {
  const server = createServer(createAnswer(registry, readiness))
  if (address.startsWith('unix:')) await removeStaleSocket(address.slice('unix:'.length))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    if (address.startsWith('unix:')) server.listen(address.slice('unix:'.length), resolve)
    else {
      const { host, port } = toHostAndPort(address)
      server.listen(port, host, resolve)
    }
  })
  const bound = server.address()
  return {
    address: isAddressInfo(bound) ? address.replace(/:\d+$/, `:${bound.port}`) : address,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const createAnswer =
  (registry: Registry, readiness: () => Readiness): RequestListener =>
  async (request, response) => {
    const answer = (status: number, type: string, body: string): void => {
      response.writeHead(status, { 'content-type': type }).end(body)
    }
    try {
      switch (request.url?.split('?', 1)[0]) {
        case '/livez':
          return answer(200, 'text/plain', 'ok\n')
        case '/readyz': {
          const state = readiness()
          return answer(state.ready ? 200 : 503, 'application/json', `${JSON.stringify(state)}\n`)
        }
        case '/metrics':
          return answer(200, registry.contentType, await registry.metrics())
        default:
          return answer(404, 'text/plain', 'Here are /livez, /readyz and /metrics.\n')
      }
    } catch {
      answer(500, 'text/plain', 'The metrics could not be gathered.\n')
    }
  }

const toHostAndPort = (address: string): { readonly host: string; readonly port: number } => {
  const colon = address.lastIndexOf(':')
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) }
}

const isAddressInfo = (bound: AddressInfo | string | null): bound is AddressInfo =>
  typeof bound === 'object' && bound !== null
