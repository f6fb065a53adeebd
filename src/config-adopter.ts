import { toProblemText } from './config/document.ts'
import type { Config, Loaded } from './config/load.ts'
import type { Observer } from './ops/observer.ts'

/** Takes configurations over that were read while the gate runs. */
export interface ConfigAdopter {
  /** Whether it counts now; if not, the last good one stays. It never rejects. */
  readonly adopt: (loaded: Loaded) => Promise<boolean>
  /** Why the one that was read last does not count, in words for `/readyz`. */
  readonly problems: () => readonly string[]
}

/** `reload` takes one over whole, or throws and changes nothing: that is a fault, and no reason to end. */
export const createConfigAdopter = (
  path: string,
  reload: (config: Config) => Promise<void>,
  observer: Pick<Observer, 'reloaded' | 'fault'>,
): ConfigAdopter => {
  let problems: readonly string[] = []
  const take = async (loaded: Loaded): Promise<readonly string[]> => {
    if (loaded.kind === 'refused') return loaded.problems.map((problem) => toProblemText(path, problem))
    try {
      await reload(loaded.config)
      return []
    } catch (error) {
      observer.fault(error)
      return [`${path}: it could not be taken over, which is a fault of the gate: the log has it`]
    }
  }
  return {
    adopt: async (loaded) => {
      problems = await take(loaded)
      observer.reloaded('config', path, problems)
      return problems.length === 0
    },
    problems: () => problems,
  }
}
