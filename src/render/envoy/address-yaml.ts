import type { Address } from '../address.ts'
import type { Data } from '../yaml-text.ts'

/** Envoy's `config.core.v3.Address`. */
export const toAddressData = (address: Address): Data =>
  address.kind === 'unix'
    ? { pipe: { path: address.path } }
    : { socket_address: { address: address.host, port_value: address.port } }

/** How a cluster finds its endpoints: as they are, or by looking names up. */
export const toDiscovery = (addresses: readonly Address[]): 'STATIC' | 'STRICT_DNS' =>
  addresses.some(({ kind }) => kind === 'name') ? 'STRICT_DNS' : 'STATIC'
