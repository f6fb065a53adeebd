import type { Policy } from '../core/check.ts'
import type { Identity, IdentitySource } from '../core/identity.ts'
import { READ_HEADERS } from '../core/request.ts'
import { type Route, type Rule, toCarriers, toCredentialHeaders, type UpstreamAuthorization } from '../core/route.ts'
import { toCarrier } from './credentials-schema.ts'
import { toMetadataUrl } from './metadata-url.ts'
import type { ConfigFile, RouteConfig } from './schema.ts'

/** What the decision needs of a configuration. `secrets` holds the content of each `passwordFile` and `secretFile`. */
export const toPolicy = (config: ConfigFile, secrets: ReadonlyMap<string, string>): Policy => {
  const list = config.routes.map((route, index) => toRoute(config, route, index, secrets))
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
  secrets: ReadonlyMap<string, string>,
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
    rule: toRule(config, route, secrets),
  }
}

const toRule = (config: ConfigFile, route: RouteConfig, secrets: ReadonlyMap<string, string>): Rule => {
  if (route.rule !== 'bearer') return { kind: route.rule }
  const issuers = [config.issuers, config.introspection, config.tokenReview].flat().map(({ issuer }) => issuer)
  const { accept, realm = 'api', credentials = ['bearer'] } = route
  return {
    kind: 'bearer',
    realm,
    credentials: credentials.map((credential) => toCarrier(credential, realm)),
    several: route.several ?? 'refuse',
    origins: route.origins ?? [],
    accept: {
      keys: accept ? accept.includes('keys') : config.keys.length > 0,
      issuers: new Set(accept ? issuers.filter((issuer) => accept.includes(issuer)) : issuers),
    },
    scopes: route.scopes ?? [],
    ...(route.resource !== undefined && { resourceMetadata: toMetadataUrl(route.resource) }),
    authorization: toAuthorization(route.authorization, secrets),
  }
}

const toAuthorization = (
  authorization: RouteConfig['authorization'],
  secrets: ReadonlyMap<string, string>,
): UpstreamAuthorization => {
  if (typeof authorization !== 'object') return { kind: authorization ?? 'remove' }
  if ('bearer' in authorization) {
    return { kind: 'replace', value: `Bearer ${secrets.get(authorization.bearer.secretFile)}` }
  }
  const { username, passwordFile } = authorization.basic
  // RFC 7617 §2: user name and password joined by a colon, in base64.
  const pair = Buffer.from(`${username}:${secrets.get(passwordFile)}`).toString('base64')
  return { kind: 'replace', value: `Basic ${pair}` }
}

const toReads = (routes: readonly Route[]): ReadonlySet<string> => {
  // Whether a browser was made to send what it keeps is asked about everything but a bearer.
  const asksBrowsers = toCarriers(routes).some(({ kind }) => kind !== 'bearer')
  return new Set([...READ_HEADERS, ...toCredentialHeaders(routes), ...(asksBrowsers ? ['sec-fetch-site'] : [])])
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
