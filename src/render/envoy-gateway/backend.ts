import type { Address } from '../address.ts'

/** A Service of Kubernetes, and its port. */
export interface Backend {
  readonly name: string
  readonly namespace: string
  readonly port: number
}

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
const SERVICE = new RegExp(`^(${LABEL})(?:\\.(${LABEL})(?:\\.svc(?:\\.cluster\\.local)?)?)?$`)

/** Reads the name of a Service, with or without its namespace; undefined for any other address. */
export const parseBackend = (address: Address, namespace: string): Backend | undefined => {
  if (address.kind !== 'name') return undefined
  const [, name, own = namespace] = SERVICE.exec(address.host) ?? []
  return name === undefined ? undefined : { name, namespace: own, port: address.port }
}
