import { BEARER, toHeaderName } from '../core/carrier.ts'
import type { Policy } from '../core/check.ts'
import type { Identity, IdentitySource } from '../core/identity.ts'
import { READ_HEADERS } from '../core/request.ts'
import type { Route, Rule, UpstreamAuthorization } from '../core/route.ts'
import type { ConfigFile, RouteConfig } from './schema.ts'

/** What the decision needs of a configuration. `passwords` holds the content of each `passwordFile`. */
export const toPolicy = (config: ConfigFile, passwords: ReadonlyMap<string, string>): Policy => {
  const list = config.routes.map((route, index) => toRoute(config, route, index, passwords))
  const named = list.filter((_, index) => config.routes[index]?.name !== undefined)
  return {
    routes: { list, byName: new Map(named.map((route) => [route.name, route])) },
    identity: toIdentity(config.identity),
    reads: toReads(list),
  }
}

const toRoute = (
  config: ConfigFile,
  route: RouteConfig,
  index: number,
  passwords: ReadonlyMap<string, string>,
): Route => {
  // RFC 9110 §9.3.2: HEAD reads what GET reads. A public path opens reading alone, unless it names its methods.
  const reading = route.rule === 'public' && route.path && !route.preflight ? ['GET', 'HEAD'] : undefined
  const methods = route.method ?? reading
  return {
    name: route.name ?? `routes[${index}]`,
    ...(route.host && { hosts: route.host.map((host) => host.toLowerCase()) }),
    ...(methods && { methods }),
    ...(route.path && { paths: route.path }),
    preflight: route.preflight,
    rule: toRule(config, route, passwords),
  }
}

const toRule = (config: ConfigFile, route: RouteConfig, passwords: ReadonlyMap<string, string>): Rule => {
  if (route.rule !== 'bearer') return { kind: route.rule }
  const issuers = [config.issuers, config.introspection, config.tokenReview].flat().map(({ issuer }) => issuer)
  const { accept } = route
  return {
    kind: 'bearer',
    realm: route.realm ?? 'api',
    credentials: [BEARER],
    several: 'refuse',
    origins: [],
    accept: {
      keys: accept ? accept.includes('keys') : config.keys.length > 0,
      issuers: new Set(accept ? issuers.filter((issuer) => accept.includes(issuer)) : issuers),
    },
    scopes: route.scopes ?? [],
    authorization: toAuthorization(route.authorization, passwords),
  }
}

const toAuthorization = (
  authorization: RouteConfig['authorization'],
  passwords: ReadonlyMap<string, string>,
): UpstreamAuthorization => {
  if (typeof authorization !== 'object') return { kind: authorization ?? 'remove' }
  const { username, passwordFile } = authorization.basic
  // RFC 7617 §2: user name and password joined by a colon, in base64.
  const pair = Buffer.from(`${username}:${passwords.get(passwordFile)}`).toString('base64')
  return { kind: 'replace', value: `Basic ${pair}` }
}

const toReads = (routes: readonly Route[]): ReadonlySet<string> => {
  const carriers = routes.flatMap(({ rule }) => (rule.kind === 'bearer' ? rule.credentials : []))
  const names = carriers.flatMap((carrier) => toHeaderName(carrier) ?? [])
  // Whether a browser was made to send what it keeps is asked about everything but a bearer.
  const asksBrowsers = carriers.some(({ kind }) => kind !== 'bearer')
  return new Set([...READ_HEADERS, ...names, ...(asksBrowsers ? ['sec-fetch-site'] : [])])
}

const toIdentity = ({ claims, ...own }: ConfigFile['identity']): Identity => {
  const identity = new Map<string, IdentitySource>()
  for (const kind of ['subject', 'issuer', 'scopes', 'keyId'] as const) {
    const header = own[kind]
    if (header !== undefined) identity.set(header, { kind })
  }
  for (const [claim, header] of Object.entries(claims)) identity.set(header, { kind: 'claim', claim })
  return identity
}
