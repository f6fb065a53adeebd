const EQUALITY = /^\s*([A-Za-z0-9./_-]+)\s*==?\s*([A-Za-z0-9._-]*)\s*$/

/** The labels that fulfil a selector; undefined for one that asks for more than equality (`in`, `!=`, mere existence). */
export const toLabels = (selector: string): Readonly<Record<string, string>> | undefined => {
  const pairs = selector.split(',').map((part) => EQUALITY.exec(part))
  if (pairs.includes(null)) return undefined
  return Object.fromEntries(pairs.map((pair) => [pair?.[1], pair?.[2]]))
}
