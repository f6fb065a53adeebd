import type { Route } from '../core/route.ts'
import { type Address, toAddressText } from './address.ts'
import type { Upstream } from './upstream.ts'
import { ANY_HOST, meets, type VirtualHost } from './virtual-hosts.ts'

interface Places {
  readonly listen: Address
  readonly admin?: Address
  readonly gates: readonly Address[]
  readonly upstreams: readonly Upstream[]
}

/** What Envoy cannot be told, each with what to do. */
export const findEnvoyProblems = (
  policy: readonly Route[],
  virtualHosts: readonly VirtualHost[],
  { listen, admin, gates, upstreams }: Places,
): readonly string[] => {
  const named = new Set(policy.flatMap(({ hosts = [ANY_HOST] }) => hosts))
  const served = new Set(virtualHosts.flatMap(({ hosts }) => hosts))
  const problems: string[] = []
  for (const host of named) {
    // What is for all hosts is served on those that have a service.
    if (served.has(host) || host === ANY_HOST) continue
    problems.push(
      `where is the service of ${host}? Say --upstream ${host}=ADDRESS:PORT, or --upstream ADDRESS:PORT for all`,
    )
  }
  for (const { host } of upstreams) {
    if (host === undefined || policy.some(({ hosts }) => !hosts || hosts.some((pattern) => meets(pattern, host))))
      continue
    problems.push(`--upstream ${host}=…: no route of the policy speaks of this host, so the gate denies all of it`)
  }
  if (served.size === 0 && problems.length === 0) problems.push('where is the service? Say --upstream ADDRESS:PORT')
  if (gates.length === 0) problems.push('where is the gate? Say --gate ADDRESS:PORT')
  if (gates.some(({ kind }) => kind === 'name') && gates.some(({ kind }) => kind === 'unix')) {
    problems.push('--gate: Envoy takes no names beside unix sockets: give IP addresses')
  }
  for (const [option, address] of [
    ['--listen', listen],
    ['--admin', admin],
  ] as const) {
    if (address?.kind === 'name') problems.push(`${option} ${toAddressText(address)}: write an IP address and a port`)
  }
  return problems
}
