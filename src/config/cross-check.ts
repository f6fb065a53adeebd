import type * as z from 'zod'
import { isWithoutKey } from './credentials-schema.ts'
import { toMetadataUrl } from './metadata-url.ts'

/** The parts of a configuration that name each other. */
interface Names {
  readonly keys: readonly unknown[]
  readonly issuers: readonly Issuing[]
  readonly introspection: readonly Issuing[]
  readonly tokenReview: readonly Issuing[]
  readonly routes: readonly {
    readonly name?: string | undefined
    readonly rule: string
    readonly accept?: readonly string[] | undefined
    readonly credentials?: unknown
    readonly scopes?: unknown
    readonly resource?: string | undefined
  }[]
  readonly resources: readonly { readonly resource: string }[]
  readonly identity: { readonly claims: Readonly<Record<string, string>> }
}

interface Issuing {
  readonly issuer: string
}

/** True when the parts that are checked against each other have their shape, whatever else is wrong with them. */
export const isShaped = (value: unknown): boolean => {
  const { keys, issuers, introspection, tokenReview, resources, routes, identity } = value as Partial<Names>
  const lists = [keys, issuers, introspection, tokenReview, resources, routes].every(
    (list) => Array.isArray(list) && list.every(isObject),
  )
  return lists && isObject(identity) && isObject(identity.claims)
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

/** What no part can know alone: names that are given twice, and names of things that are not there. */
export const crossCheck = (config: Names, context: z.core.$RefinementCtx): void => {
  const complain = (path: (string | number)[], message: string) => context.addIssue({ code: 'custom', path, message })
  for (const list of ['issuers', 'introspection', 'tokenReview'] as const) {
    for (const [index, { issuer }] of config[list].entries()) {
      const first = config[list].findIndex((other) => other.issuer === issuer)
      if (first < index) complain([list, index, 'issuer'], `is ${list}[${first}] already`)
    }
  }
  const places = config.resources.map(({ resource }) => (URL.canParse(resource) ? toMetadataUrl(resource) : resource))
  for (const [index, place] of places.entries()) {
    const first = places.indexOf(place)
    if (first < index) complain(['resources', index, 'resource'], `is resources[${first}] already`)
  }
  const issuing = [config.issuers, config.introspection, config.tokenReview].flat()
  const names = new Set<string>()
  for (const [index, { name, rule, accept = [], resource, credentials, scopes }] of config.routes.entries()) {
    if (name !== undefined && names.has(name)) complain(['routes', index, 'name'], 'is the name of a route above')
    if (name !== undefined) names.add(name)
    for (const [position, item] of accept.entries()) {
      const known = item === 'keys' ? config.keys.length > 0 : issuing.some(({ issuer }) => issuer === item)
      const list = item === 'keys' ? 'keys' : 'issuers, introspection and tokenReview'
      if (!known) complain(['routes', index, 'accept', position], `nothing under ${list} is configured for this`)
    }
    if (resource !== undefined && !config.resources.some((other) => other.resource === resource)) {
      complain(['routes', index, 'resource'], 'nothing under resources has this name')
    }
    const takesKeys = !Array.isArray(credentials) || !credentials.every(isWithoutKey)
    if (rule === 'bearer' && takesKeys && config.keys.length + issuing.length === 0) {
      complain(
        ['routes', index, 'rule'],
        'no credential could satisfy it: configure keys, issuers, introspection or tokenReview',
      )
    }
    if (scopes !== undefined && !takesKeys) {
      complain(['routes', index, 'scopes'], 'no credential could satisfy it: users and certificates have no scopes')
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
  for (const [index, { credentials }] of config.routes.entries()) {
    for (const [position, credential] of (Array.isArray(credentials) ? credentials : []).entries()) {
      const header: unknown = credential?.header
      if (typeof header !== 'string' || !headers.has(header.toLowerCase())) continue
      complain(['routes', index, 'credentials', position], `${header} tells the upstream who called: see identity`)
    }
  }
}
