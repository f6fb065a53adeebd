import { createServer, type RequestListener } from 'node:http'
import type { Registry } from 'prom-client'
import { bind } from '../bind.ts'
import { toHost } from '../core/host.ts'

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

/** The metadata (JSON) that is served under a host, as `toHost` gives it, and a path. */
export type FindDocument = (host: string | undefined, path: string) => string | undefined

/**
 * Serves `/livez`, `/readyz` and `/metrics` on a port of its own, where no client of Envoy's comes; and the metadata of
 * protected resources, to which Envoy sends clients by their exact paths.
 */
export const listenOps = async (
  address: string,
  registry: Registry,
  readiness: () => Readiness,
  findDocument: FindDocument = () => undefined,
): Promise<OpsListener> => {
  const server = createServer(createAnswer(registry, readiness, findDocument))
  return {
    address: await bind(server, address),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const createAnswer =
  (registry: Registry, readiness: () => Readiness, findDocument: FindDocument): RequestListener =>
  async (request, response) => {
    const answer = (status: number, type: string, body: string): void => {
      response.writeHead(status, { 'content-type': type }).end(body)
    }
    try {
      const [path = ''] = request.url?.split('?', 1) ?? []
      const document = findDocument(toHost(request.headers.host ?? ''), path)
      if (document !== undefined) {
        // Public, and read by clients in browsers (Fetch §3.2).
        const headers = { 'access-control-allow-origin': '*', 'cache-control': 'public, max-age=300' }
        response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(document)
        return
      }
      switch (path) {
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
