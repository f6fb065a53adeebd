import type { KeyLookup } from './key-source.ts'

type LookUp = (digest: string, deadline: number | undefined) => Promise<KeyLookup>

/** So many ids are told of, each once. */
const MAX_TOLD = 100

/** Finds no key whose id stands in a source that is held: whoever may write the one must not pass for the other's keys. */
export const refuseOwned = (
  lookUp: LookUp | undefined,
  owners: () => Pick<ReadonlyMap<string, string>, 'get'>,
  tell: (problem: string) => void,
): LookUp | undefined => {
  if (!lookUp) return undefined
  const told = new Set<string>()
  return async (digest, deadline) => {
    const lookup = await lookUp(digest, deadline)
    const owner = lookup.kind === 'found' ? owners().get(lookup.record.id) : undefined
    if (lookup.kind !== 'found' || owner === undefined) return lookup
    const { id } = lookup.record
    if (!told.has(id) && told.size < MAX_TOLD) {
      told.add(id)
      tell(`a key that was looked up is refused: its id ${id} stands in ${owner} already`)
    }
    return { kind: 'unknown' }
  }
}
