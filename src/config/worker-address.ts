import type * as z from 'zod'

/**
 * The address on which a worker listens: the first on the one that is configured, each other on a port one higher than
 * the one before, or a socket whose name ends in its number.
 */
export const toWorkerAddress = (address: string, worker: number): string => {
  if (worker === 0) return address
  if (address.startsWith('unix:')) return `${address}.${worker}`
  // Port 0 is whatever is free.
  return address.replace(/\d+$/, (port) => (port === '0' ? port : String(Number(port) + worker)))
}

/** The addresses of one worker. */
export const toWorkerListen = <Listen extends { readonly grpc: string; readonly http?: string | undefined }>(
  listen: Listen,
  worker: number,
): Listen => ({
  ...listen,
  grpc: toWorkerAddress(listen.grpc, worker),
  ...(listen.http !== undefined && { http: toWorkerAddress(listen.http, worker) }),
})

interface Parts {
  readonly workers: number
  readonly listen: { readonly grpc: string; readonly http?: string | undefined; readonly ops: string }
}

/** No two listeners of any worker may want the same address. */
export const crossCheckAddresses = ({ workers, listen }: Parts, context: z.core.$RefinementCtx): void => {
  const owners = new Map([[listen.ops, 'listen.ops']])
  for (const field of ['grpc', 'http'] as const) {
    const complaint = claimAddresses(owners, `listen.${field}`, listen[field], workers)
    if (complaint !== undefined) context.addIssue({ code: 'custom', path: ['listen', field], message: complaint })
  }
}

/** What is wrong with the addresses that the workers would have, if anything. */
const claimAddresses = (
  owners: Map<string, string>,
  name: string,
  first: string | undefined,
  workers: number,
): string | undefined => {
  for (let worker = 0; worker < workers && first !== undefined; worker += 1) {
    const address = toWorkerAddress(first, worker)
    const port = Number(/:(\d+)$/.exec(address)?.[1])
    if (port > 65_535) return `there is no port ${port} for worker ${worker}: each worker needs one, counted from this`
    if (port === 0) continue
    const owner = owners.get(address)
    if (owner !== undefined) return `${address}, for worker ${worker}, is taken by ${owner}`
    owners.set(address, worker === 0 ? name : `${name} for worker ${worker}`)
  }
  return undefined
}
