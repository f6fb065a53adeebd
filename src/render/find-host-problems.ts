import type { Route } from '../core/route.ts'
import type { Upstream } from './upstream.ts'
import { meets, type VirtualHost } from './virtual-hosts.ts'

/** Hosts without a service, and services of hosts that the policy does not know; each with what to do. */
export const findHostProblems = (
  policy: readonly Route[],
  virtualHosts: readonly VirtualHost[],
  upstreams: readonly Upstream[],
  form: string,
): readonly string[] => {
  const served = new Set(virtualHosts.flatMap(({ hosts }) => hosts))
  const problems: string[] = []
  for (const host of new Set(policy.flatMap(({ hosts = [] }) => hosts))) {
    if (served.has(host)) continue
    problems.push(`where is the service of ${host}? Say --upstream ${host}=${form}, or --upstream ${form} for all`)
  }
  for (const { host } of upstreams) {
    if (host === undefined || policy.some(({ hosts }) => !hosts || hosts.some((pattern) => meets(pattern, host))))
      continue
    problems.push(`--upstream ${host}=…: no route of the policy speaks of this host, so the gate denies all of it`)
  }
  // What is for all hosts is served on those that have a service.
  if (served.size === 0 && problems.length === 0) problems.push(`where is the service? Say --upstream ${form}`)
  return problems
}
