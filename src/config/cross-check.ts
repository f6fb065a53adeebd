import type { z } from 'zod'

/** The parts of a configuration that name each other. */
interface Names {
  readonly keys: readonly unknown[]
  readonly issuers: readonly { readonly issuer: string }[]
  readonly routes: readonly {
    readonly name?: string | undefined
    readonly rule: string
    readonly accept?: readonly string[] | undefined
  }[]
  readonly identity: { readonly claims: Readonly<Record<string, string>> }
}

/** True when the parts that are checked against each other have their shape, whatever else is wrong with them. */
export const isShaped = (value: unknown): boolean => {
  const { keys, issuers, routes, identity } = value as Partial<Names>
  const lists = [keys, issuers, routes].every((list) => Array.isArray(list) && list.every(isObject))
  return lists && isObject(identity) && isObject(identity.claims)
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

/** What no part can know alone: names that are given twice, and names of things that are not there. */
export const crossCheck = (config: Names, context: z.core.$RefinementCtx): void => {
  const complain = (path: (string | number)[], message: string) => context.addIssue({ code: 'custom', path, message })
  for (const [index, { issuer }] of config.issuers.entries()) {
    const first = config.issuers.findIndex((other) => other.issuer === issuer)
    if (first < index) complain(['issuers', index, 'issuer'], `is issuers[${first}] already`)
  }
  const names = new Set<string>()
  for (const [index, { name, rule, accept = [] }] of config.routes.entries()) {
    if (name !== undefined && names.has(name)) complain(['routes', index, 'name'], 'is the name of a route above')
    if (name !== undefined) names.add(name)
    for (const [position, item] of accept.entries()) {
      const known = item === 'keys' ? config.keys.length > 0 : config.issuers.some(({ issuer }) => issuer === item)
      const list = item === 'keys' ? 'keys' : 'issuers'
      if (!known) complain(['routes', index, 'accept', position], `nothing under ${list} is configured for this`)
    }
    if (rule === 'bearer' && config.keys.length + config.issuers.length === 0) {
      complain(['routes', index, 'rule'], 'no credential could satisfy it: configure keys or issuers')
    }
  }
  const { claims, ...own } = config.identity
  const headers = new Set<string>()
  for (const [path, header] of [
    ...Object.entries<string | undefined>(own).map(([field, header]) => [['identity', field], header] as const),
    ...Object.entries(claims).map(([claim, header]) => [['identity', 'claims', claim], header] as const),
  ]) {
    if (header !== undefined && headers.has(header)) complain([...path], `${header} is set by a field above`)
    if (header !== undefined) headers.add(header)
  }
}
