import { toHost } from '../core/host.ts'
import { toMetadataUrl } from './metadata-url.ts'
import type { ConfigFile } from './schema.ts'
import { isTrustedUrl } from './trusted-url.ts'

/** The metadata of a protected resource, and where clients look for it. */
export interface ResourceDocument {
  /** As `toHost` gives it. */
  readonly host: string | undefined
  readonly path: string
  /** JSON. */
  readonly body: string
}

/** Writes the metadata of each resource that the configuration names (RFC 9728 §2). */
export const toResourceDocuments = (config: ConfigFile): readonly ResourceDocument[] =>
  config.resources.map(({ resource, name, scopes, documentation }) => {
    const url = new URL(toMetadataUrl(resource))
    const routes = config.routes.filter((route) => route.resource === resource)
    // RFC 8414 §2: an authorization server is named by a URL. A cluster gives tokens to its pods, not to clients.
    const servers = [config.issuers, config.introspection].flat().map(({ issuer }) => issuer)
    const isAccepted = (server: string) => routes.some(({ accept }) => accept?.includes(server) ?? true)
    const needed = routes.flatMap((route) => route.scopes ?? [])
    const title = name ?? routes[0]?.realm
    const metadata = {
      resource,
      authorization_servers: [...new Set(servers)].filter((server) => isTrustedUrl(server) && isAccepted(server)),
      scopes_supported: scopes ?? [...new Set(needed)],
      bearer_methods_supported: ['header'],
      ...(title !== undefined && { resource_name: title }),
      ...(documentation !== undefined && { resource_documentation: documentation }),
    }
    // RFC 9728 §3.2: a member without a value is left out.
    const stated = Object.entries(metadata).filter(([, value]) => value.length > 0)
    return { host: toHost(url.host), path: url.pathname, body: JSON.stringify(Object.fromEntries(stated)) }
  })
