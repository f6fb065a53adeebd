import { matchHost } from '../core/host.ts'
import { matchPath } from '../core/path.ts'
import type { Route } from '../core/route.ts'

/** True when the first route takes every host, method and path of the second. Websockets on public paths are left aside. */
export const covers = (first: Route, second: Route): boolean =>
  coversAll(first.hosts, second.hosts, coversHost) &&
  coversAll(first.methods, second.preflight ? ['OPTIONS'] : second.methods, (one, other) => one === other) &&
  coversAll(first.paths, second.paths, coversPath) &&
  (!first.preflight || second.preflight)

/** True when some path that the second route names is taken by the first, for some host and method of both. */
export const takesPathOf = (first: Route, second: Route): boolean =>
  second.paths !== undefined &&
  (!first.paths || second.paths.some((path) => first.paths?.some((pattern) => coversPath(pattern, path)))) &&
  sharesHost(first, second) &&
  shares(first.methods, second.methods, (one, other) => one === other)

/** True when some host belongs to both. */
export const sharesHost = (first: Route, second: Route): boolean =>
  shares(first.hosts, second.hosts, (one, other) => coversHost(one, other) || coversHost(other, one))

type Compare = (pattern: string, other: string) => boolean

/** A list that is left out stands for all. */
const coversAll = (first: readonly string[] | undefined, second: readonly string[] | undefined, compare: Compare) =>
  !first || second?.every((other) => first.some((pattern) => compare(pattern, other))) === true

const shares = (first: readonly string[] | undefined, second: readonly string[] | undefined, compare: Compare) =>
  !first || !second || second.some((other) => first.some((pattern) => compare(pattern, other)))

const coversHost: Compare = (pattern, host) => pattern === host || matchHost(pattern, host.replace(/^\*\./, 'x.'))

const coversPath: Compare = (pattern, path) => pattern === path || matchPath(pattern, path.replace(/\/\*$/, '/'))
