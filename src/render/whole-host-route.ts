import type { Route } from '../core/route.ts'
import { includes, isWildcard, meets } from './virtual-hosts.ts'

/**
 * The name of the route that alone decides about a host, by which a proxy may ask for it: then the gate applies its rule
 * without a look at host, method and path. Undefined where any other route could be meant first, where the route opens
 * something or has no name of its own, and for what stands for several hosts.
 */
export const toWholeHostRoute = (
  policy: readonly Route[],
  byName: ReadonlyMap<string, Route>,
  host: string,
): string | undefined => {
  const route = policy.find(({ hosts }) => !hosts || hosts.some((pattern) => meets(pattern, host)))
  if (!route || isWildcard(host) || route.rule.kind === 'public' || byName.get(route.name) !== route) return undefined
  if (route.paths || route.methods || route.preflight) return undefined
  return !route.hosts || route.hosts.some((pattern) => includes(pattern, host)) ? route.name : undefined
}
