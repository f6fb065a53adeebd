import type { RequestListener } from 'node:http'
import { Registry } from 'prom-client'
import { bind } from '../bind.ts'
import { toHost } from '../core/host.ts'
import { createServer } from '../node-http.ts'

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

/** Metadata (JSON) that is served under a host, as `toHost` gives it, and a path. */
export interface Document {
  readonly host: string | undefined
  readonly path: string
  readonly body: string
}

/** What is shown. */
export interface OpsSources {
  readonly metrics: () => Promise<string>
  readonly readiness: () => Readiness | Promise<Readiness>
  readonly documents: () => readonly Document[] | Promise<readonly Document[]>
}

/**
 * Serves `/livez`, `/readyz` and `/metrics` on a port of its own, where no client of Envoy's comes; and the metadata of
 * protected resources, to which Envoy sends clients by their exact paths.
 */
export const listenOps = async (address: string, sources: OpsSources): Promise<OpsListener> => {
  const server = createServer(createAnswer(sources))
  return {
    address: await bind(server, address),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** What a process has to show. */
export interface OwnSources extends Omit<OpsSources, 'metrics'> {
  readonly registry: Registry
  readonly readiness: () => Readiness
  readonly documents: () => readonly Document[]
}

/** Opens what shows health and metrics: a listener of this process, or of its supervisor. */
export type OpenOps = (sources: OwnSources) => OpsListener | Promise<OpsListener>

/** Shows what this process has. */
export const createOpenOps =
  (address: string): OpenOps =>
  ({ registry, ...sources }) =>
    listenOps(address, { metrics: () => registry.metrics(), ...sources })

const createAnswer =
  ({ metrics, readiness, documents }: OpsSources): RequestListener =>
  async (request, response) => {
    const answer = (status: number, type: string, body: string): void => {
      response.writeHead(status, { 'content-type': type }).end(body)
    }
    try {
      const [path = ''] = request.url?.split('?', 1) ?? []
      const host = toHost(request.headers.host ?? '')
      const document = (await documents()).find((known) => known.host === host && known.path === path)
      if (document) {
        // Public, and read by clients in browsers (Fetch §3.2).
        const headers = { 'access-control-allow-origin': '*', 'cache-control': 'public, max-age=300' }
        response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(document.body)
        return
      }
      switch (path) {
        case '/livez':
          return answer(200, 'text/plain', 'ok\n')
        case '/readyz': {
          const state = await readiness()
          return answer(state.ready ? 200 : 503, 'application/json', `${JSON.stringify(state)}\n`)
        }
        case '/metrics':
          return answer(200, Registry.PROMETHEUS_CONTENT_TYPE, await metrics())
        default:
          return answer(404, 'text/plain', 'Here are /livez, /readyz and /metrics.\n')
      }
    } catch {
      answer(500, 'text/plain', 'The metrics could not be gathered.\n')
    }
  }
