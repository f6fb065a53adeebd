import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a URL answers. `delay` is in seconds. */
export interface Behaviour {
  readonly body: string
  readonly status?: number | undefined
  readonly contentType?: string | undefined
  readonly delay?: number | undefined
  readonly redirect?: string | undefined
}

/** Real JWK Set URLs on loopback that fail as told, the metadata documents that lead to them, and introspection endpoints. */
export interface JwkSetServer {
  /** The URL of a JWK Set. */
  readonly toUrl: (set: string) => string
  /** The issuer whose metadata names that JWK Set. */
  readonly toIssuer: (set: string) => string
  /** The introspection endpoint that always gives that answer. */
  readonly toEndpoint: (answer: string) => string
  /** From now on the set, or the document `discovery-SET`, is answered like this. */
  readonly answer: (name: string, behaviour: Behaviour) => void
  /** How often it was asked since the last reset. */
  readonly countFetches: (name: string) => number
  readonly resetFetches: () => void
  readonly close: () => Promise<void>
}

/** Listens on a free port of 127.0.0.1. */
export const listenJwkSets = async (
  sets: ReadonlyMap<string, readonly unknown[]>,
  introspections: Readonly<Record<string, string>>,
): Promise<JwkSetServer> => {
  const behaviours = new Map<string, Behaviour>()
  const fetches = new Map<string, number>()
  const server = createServer((request, response) => {
    const name = toName(request)
    const behaviour = name === undefined ? undefined : behaviours.get(name)
    if (name === undefined || !behaviour) return void response.writeHead(404).end()
    fetches.set(name, (fetches.get(name) ?? 0) + 1)
    const timer = setTimeout(respond, (behaviour.delay ?? 0) * 1000, response, behaviour)
    response.on('close', () => clearTimeout(timer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const toUrl = (set: string) => `${origin}/jwks/${set}`
  const toIssuer = (set: string) => `${origin}/issuers/${set}`

  for (const [set, keys] of sets) {
    behaviours.set(set, { body: JSON.stringify({ keys }) })
    behaviours.set(`discovery-${set}`, {
      body: JSON.stringify({ issuer: toIssuer(set), jwks_uri: toUrl(set), response_types_supported: ['code'] }),
    })
  }

  for (const [name, body] of Object.entries(introspections)) behaviours.set(`introspection-${name}`, { body })

  return {
    toUrl,
    toIssuer,
    toEndpoint: (answer) => `${origin}/introspection/${answer}`,
    answer: (name, behaviour) => behaviours.set(name, behaviour),
    countFetches: (name) => fetches.get(name) ?? 0,
    resetFetches: () => fetches.clear(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** OpenID Connect Discovery 1.0 §4 puts the well-known part behind the issuer's path, RFC 8414 §3 before it. */
const PATHS: readonly [RegExp, string][] = [
  [/^\/jwks\/([\w-]+)$/, ''],
  [/^\/introspection\/([\w-]+)$/, 'introspection-'],
  [/^\/issuers\/([\w-]+)\/\.well-known\/openid-configuration$/, 'discovery-'],
  [/^\/\.well-known\/(?:oauth-authorization-server|openid-configuration)\/issuers\/([\w-]+)$/, 'discovery-'],
]

const toName = ({ url = '' }: IncomingMessage): string | undefined => {
  for (const [path, prefix] of PATHS) {
    const set = path.exec(url)?.[1]
    if (set !== undefined) return prefix + set
  }
  return undefined
}

const respond = (
  response: ServerResponse,
  { body, status = 200, contentType = 'application/json', redirect }: Behaviour,
): void => {
  response.writeHead(status, {
    'content-type': contentType,
    ...(redirect && { location: redirect }),
  })
  response.end(body)
}
