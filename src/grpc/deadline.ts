/** Milliseconds of each unit of `grpc-timeout`. */
const UNITS = new Map([
  ['H', 3_600_000],
  ['M', 60_000],
  ['S', 1_000],
  ['m', 1],
  ['u', 0.001],
  ['n', 0.000001],
])

/** When the caller stops waiting, by its `grpc-timeout`; undefined when it does not say. In milliseconds since the epoch. */
export const toDeadline = (timeout: string | string[] | undefined, now: number): number | undefined => {
  if (typeof timeout !== 'string' || !/^\d{1,8}[HMSmun]$/.test(timeout)) return undefined
  return now + Number(timeout.slice(0, -1)) * (UNITS.get(timeout.slice(-1)) ?? 0)
}
