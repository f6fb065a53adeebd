import { type Address, toAddressText } from './address.ts'
import type { ProxyRoute } from './proxy-route.ts'
import type { Upstream } from './upstream.ts'

/** A service under the name that the rendered file gives it. */
export interface Service {
  readonly name: string
  readonly address: Address
}

/** The services of some upstreams, each address once: `service`, `service-2` and so on. */
export const toServices = (upstreams: readonly Upstream[]): readonly Service[] => {
  const services = new Map<string, Service>()
  for (const { address } of upstreams) {
    if (!address || services.has(toAddressText(address))) continue
    const name = services.size === 0 ? 'service' : `service-${services.size + 1}`
    services.set(toAddressText(address), { name, address })
  }
  return [...services.values()]
}

/** The name of the service that a route leads to; empty where it leads to none. */
export const findService = (services: readonly Service[], { address }: ProxyRoute): string => {
  const text = address && toAddressText(address)
  return services.find((service) => toAddressText(service.address) === text)?.name ?? ''
}
