import { readFileSync } from 'node:fs'
import { parse } from 'yaml'

/** The bootstraps that are shipped, by file name. */
export const BOOTSTRAPS = ['front-proxy', 'one-host', 'sidecar'] as const
export type BootstrapName = (typeof BOOTSTRAPS)[number]

/** Where a gate answers: `127.0.0.1:9001`, or `unix:/path`. */
export type GateAddress = string

interface Endpoint {
  endpoint: { address: object }
}

/** As much of a cluster as the tests change. */
export interface Cluster {
  name: string
  load_assignment: { endpoints: { lb_endpoints: Endpoint[] }[] }
  [field: string]: unknown
}

/** As much of Envoy's bootstrap as the tests change. */
export interface Bootstrap {
  admin: { address: object }
  static_resources: {
    listeners: { address: object; filter_chains: { filters: { typed_config: Record<string, unknown> }[] }[] }[]
    clusters: Cluster[]
  }
}

/** The path of a file that is shipped in `envoy/`. */
export const shipped = (file: string): string => new URL(`../../envoy/${file}`, import.meta.url).pathname

/** A shipped bootstrap with nothing changed but addresses: free ports for Envoy, and those of the servers given. */
export const readBootstrap = (name: BootstrapName, service: number, gates: readonly GateAddress[]): Bootstrap => {
  const bootstrap = parse(readFileSync(shipped(`${name}.yaml`), 'utf8')) as Bootstrap
  return setAddresses(bootstrap, { service: [`127.0.0.1:${service}`], bearergate: gates })
}

/** Lets Envoy listen on free ports, and gives clusters their endpoints by name. */
export const setAddresses = (
  bootstrap: Bootstrap,
  endpoints: Readonly<Record<string, readonly GateAddress[]>>,
): Bootstrap => {
  bootstrap.admin.address = toAddress('127.0.0.1:0')
  for (const listener of bootstrap.static_resources.listeners) listener.address = toAddress('127.0.0.1:0')
  for (const [name, addresses] of Object.entries(endpoints)) setEndpoints(bootstrap, name, addresses)
  return bootstrap
}

const setEndpoints = (bootstrap: Bootstrap, name: string, addresses: readonly string[]): void => {
  const cluster = bootstrap.static_resources.clusters.find((candidate) => candidate.name === name)
  const locality = cluster?.load_assignment.endpoints[0]
  if (!locality) throw new Error(`the bootstrap has no cluster ${name} with endpoints`)
  locality.lb_endpoints = addresses.map((address) => ({ endpoint: { address: toAddress(address) } }))
}

const toAddress = (text: string): object => {
  if (text.startsWith('unix:')) return { pipe: { path: text.slice('unix:'.length) } }
  const colon = text.lastIndexOf(':')
  return { socket_address: { address: text.slice(0, colon), port_value: Number(text.slice(colon + 1)) } }
}
