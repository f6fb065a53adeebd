import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { type Bootstrap, type Cluster, setAddresses } from '../test/e2e/read-bootstrap.ts'
import { readExample } from '../test/e2e/read-example.ts'
import { AUDIENCE, type Fixtures, HOST, ISSUER } from './fixtures.ts'
import { inProject } from './servers.ts'

/** A filter of Envoy's for HTTP. */
interface Filter {
  readonly name: string
  readonly typed_config: Readonly<Record<string, unknown>>
}

const TYPE = 'type.googleapis.com/envoy.extensions.filters.http'
const EXT_AUTHZ = 'envoy.filters.http.ext_authz'

/**
 * What `bearergate render envoy` writes for a gate's configuration, with two changes: it asks the gate at that address, and
 * answers by itself each request that it would pass on.
 */
export const renderShipped = (config: string, gate: string): Bootstrap => {
  const upstream = ['--upstream', `${HOST}=127.0.0.1:1`, '--admin', '127.0.0.1:1']
  const args = [inProject('src/main.ts'), 'render', 'envoy', '--config', config, ...upstream]
  const bootstrap = parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Bootstrap
  const { route_config } = managerOf(bootstrap)
  for (const { routes } of route_config.virtual_hosts) {
    for (const route of routes) {
      delete route['route']
      route['direct_response'] = { status: 200, body: { inline_string: 'hello' } }
    }
  }
  return setAddresses(bootstrap, { bearergate: [gate] })
}

/** The same with the filter and the cluster of the example that asks over HTTP. */
export const askOverHttp = (bootstrap: Bootstrap, gate: string): Bootstrap => {
  const { bootstrap: example } = readExample('envoy-http')
  example.admin = bootstrap.admin
  setAddresses(example, { bearergate: [gate] })
  const isGate = ({ name }: Cluster): boolean => name === 'bearergate'
  const { clusters } = bootstrap.static_resources
  const others = clusters.filter((cluster) => !isGate(cluster))
  bootstrap.static_resources.clusters = [...others, ...example.static_resources.clusters.filter(isGate)]
  return replaceFilter(
    bootstrap,
    managerOf(example).http_filters.find(({ name }) => name === EXT_AUTHZ),
  )
}

/** The same with all headers of a request in the question. */
export const showAllHeaders = (bootstrap: Bootstrap): Bootstrap => leaveOut(bootstrap, 'allowed_headers')

/** The same with headers in the map where most servers look for them. */
export const showHeadersAsMap = (bootstrap: Bootstrap): Bootstrap => leaveOut(bootstrap, 'encode_raw_headers')

const leaveOut = (bootstrap: Bootstrap, field: string): Bootstrap => {
  const asked = managerOf(bootstrap).http_filters.find(({ name }) => name === EXT_AUTHZ)
  if (!asked) throw new Error('the bootstrap asks nobody')
  const { [field]: _, ...typed_config } = asked.typed_config
  return replaceFilter(bootstrap, { ...asked, typed_config })
}

/** The same with another filter in the place of the one that asks the gate, or none. */
export const replaceFilter = (bootstrap: Bootstrap, filter?: Filter): Bootstrap => {
  const manager = managerOf(bootstrap)
  manager.http_filters = manager.http_filters.flatMap((one) => (one.name === EXT_AUTHZ ? (filter ?? []) : one))
  return bootstrap
}

/** Envoy's own filter for API keys, with all secrets in it. */
export const toApiKeyAuth = ({ secrets }: Fixtures): Filter => ({
  name: 'envoy.filters.http.api_key_auth',
  typed_config: {
    '@type': `${TYPE}.api_key_auth.v3.ApiKeyAuth`,
    credentials: secrets.map((key, id) => ({ key, client: `client-${id}` })),
    key_sources: [{ header: 'authorization' }],
  },
})

/** Envoy's own filter for JWTs, with the JWK Set in it. */
export const toJwtAuthn = ({ jwks }: Fixtures): Filter => {
  const local_jwks = { inline_string: readFileSync(jwks, 'utf8') }
  return {
    name: 'envoy.filters.http.jwt_authn',
    typed_config: {
      '@type': `${TYPE}.jwt_authn.v3.JwtAuthentication`,
      providers: { bench: { issuer: ISSUER, audiences: [AUDIENCE], local_jwks } },
      rules: [{ match: { prefix: '/' }, requires: { provider_name: 'bench' } }],
    },
  }
}

interface Manager {
  readonly route_config: { readonly virtual_hosts: readonly { readonly routes: readonly Record<string, unknown>[] }[] }
  http_filters: readonly Filter[]
}

const managerOf = ({ static_resources: { listeners } }: Bootstrap): Manager => {
  const manager = listeners[0]?.filter_chains[0]?.filters[0]?.typed_config
  if (!manager) throw new Error('the bootstrap has no listener')
  return manager as unknown as Manager
}
