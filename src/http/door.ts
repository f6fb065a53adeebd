import { BlockList, isIPv6, type Socket } from 'node:net'
import type { DoorConfig } from '../config/door-schema.ts'
import { memoizeWeak } from '../core/memoize.ts'

/** Where proxies of one kind ask. */
export interface Door extends Pick<DoorConfig, 'kind' | 'path' | 'timeout'> {
  /** False for a peer that could have written the original request itself. */
  readonly trusts: (peer: Pick<Socket, 'remoteAddress'>) => boolean
}

/** Finds the door that a request target leads to. */
export type FindDoor = (target: string) => Door | undefined

/** Opens the doors of a configuration. Over a unix socket the rights of its file say who may ask. */
export const openDoors = (configs: readonly DoorConfig[], isUnixSocket: boolean): FindDoor => {
  const doors = configs.map((config) => toDoor(config, isUnixSocket))
  const exact = new Map(doors.filter(({ kind }) => kind !== 'envoy').map((door) => [door.path, door]))
  const prefixes = doors.filter(({ kind }) => kind === 'envoy')
  return (target) =>
    exact.get(target) ??
    prefixes.find(({ path }) => path === '/' || (target.startsWith(path) && /^[/*]/.test(target.slice(path.length)))) ??
    exact.get(target.split('?', 1)[0] as string)
}

const toDoor = ({ kind, path, timeout, trustedProxies }: DoorConfig, isUnixSocket: boolean): Door => {
  if (isUnixSocket || !trustedProxies) return { kind, path, timeout, trusts: () => true }
  const list = new BlockList()
  for (const [address, bits] of trustedProxies.map((text) => text.split('/') as [string, string?])) {
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  // A socket that was cut has no address any more: it is trusted no longer, which is told to nobody.
  const isListed = ({ remoteAddress }: Pick<Socket, 'remoteAddress'>): boolean =>
    remoteAddress !== undefined && list.check(remoteAddress, isIPv6(remoteAddress) ? 'ipv6' : 'ipv4')
  return { kind, path, timeout, trusts: memoizeWeak(isListed) }
}
