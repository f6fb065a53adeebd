import { HOST_PATTERNS } from './host.ts'
import { PATH_PATTERNS } from './path.ts'
import { createPatternTable, type PatternTable } from './pattern-table.ts'
import type { Route } from './route.ts'

/** Finds routes in time that does not grow with the number of hosts, nor of a host's paths. */
export interface RouteIndex {
  /** All that are for the host, in the order of the list. */
  readonly findAll: (host: string) => readonly Route[]
  /** The first that is for the host and the path, and that `isMeant`. */
  readonly findFirst: (host: string, path: string, isMeant: (route: Route) => boolean) => Route | undefined
}

/** A route, and where it stands in the list. */
interface Placed {
  readonly place: number
  readonly route: Route
}

/** The routes of one host pattern, in the order of the list; and the same for each path pattern of them. */
interface Group {
  readonly all: readonly Placed[]
  readonly byPath: PatternTable<readonly Placed[]>
}

export const createRouteIndex = (list: readonly Route[]): RouteIndex => {
  // Hosts of the same routes share a group: a thousand hosts with a thousand paths are no million of entries.
  const groups = new Map<string, Group>()
  const toGroup = (all: readonly Placed[]): Group =>
    groups.getOrInsertComputed(all.map(({ place }) => place).join(), () => ({
      all,
      byPath: createPatternTable(groupBy(all, 'paths'), PATH_PATTERNS),
    }))
  const placed = list.map((route, place) => ({ place, route }))
  const byHost = new Map([...groupBy(placed, 'hosts')].map(([pattern, all]) => [pattern, toGroup(all)]))
  const findGroups = createPatternTable(byHost, HOST_PATTERNS)
  return {
    findAll: (host) => {
      const found = new Set(findGroups(host).flatMap(({ all }) => all))
      return [...found].sort((a, b) => a.place - b.place).map(({ route }) => route)
    },
    findFirst: (host, path, isMeant) => {
      let first: Placed | undefined
      for (const { byPath } of findGroups(host)) {
        for (const routes of byPath(path)) {
          const found = routes.find(({ route }) => isMeant(route))
          if (found && (!first || found.place < first.place)) first = found
        }
      }
      return first?.route
    },
  }
}

/** A field that is left out matches all: its pattern is undefined. */
const groupBy = (
  placed: readonly Placed[],
  field: 'hosts' | 'paths',
): ReadonlyMap<string | undefined, readonly Placed[]> => {
  const groups = new Map<string | undefined, Placed[]>()
  for (const one of placed) {
    const patterns = new Set(one.route[field] ?? [undefined])
    for (const pattern of patterns) groups.getOrInsertComputed(pattern, () => []).push(one)
  }
  return groups
}
