const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** How a duration is written: a whole number and `s`, `m`, `h` or `d`. */
export const DURATION = /^(\d{1,6})([smhd])$/

/** A duration in milliseconds; undefined when the text is none. */
export const parseDuration = (text: string): number | undefined => {
  const [, count, unit] = DURATION.exec(text) ?? []
  return count && unit ? Number(count) * UNITS[unit as keyof typeof UNITS] : undefined
}
