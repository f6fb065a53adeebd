import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { writeByRename } from '../vectors/atomic-write.ts'
import { toText } from '../vectors/file-content.ts'
import { judgeCase } from '../vectors/judge-case.ts'
import type { Behaviour } from '../vectors/jwk-set-server.ts'
import { fillDeep } from '../vectors/placeholders.ts'
import { loadPolicies } from '../vectors/policy-file.ts'
import type { World } from '../vectors/world.ts'
import { CONFIG_FILE, mount, writeConfig } from '../vectors/write-policy.ts'
import type { Asking, JwksChange, Step } from './scenario-file.ts'
import { LISTEN, type Stage } from './stage.ts'
import { lookWithin } from './within-time.ts'

const policies = loadPolicies()

/** Takes one step of a scenario and says what there is to complain about. */
export const playStep = async (step: Step, stage: Stage): Promise<readonly string[]> => {
  const { world, gate } = stage
  const { dir, jwkSets } = world
  if ('start' in step) return stage.start(step.start)
  if ('check' in step) return lookWithin(step, () => askRepeatedly(step, stage))
  if ('health' in step) {
    return lookWithin(step, async () => compare('the health', await gate().client.askHealth(), step.health))
  }
  if ('ready' in step) {
    const look = async () => (await gate().read('readyz')).status === 200
    return lookWithin(step, async () => compare('that it is ready', await look(), step.ready))
  }
  if ('says' in step) {
    const look = async () =>
      compare(`the output names ${step.says}:`, gate().process.readOutput().includes(step.says), true)
    return lookWithin({ eventually: 3 }, look)
  }
  if ('alive' in step) return compare('the end of the process', gate().process.readEnd(), undefined)
  if ('fetches' in step) {
    const { set, atLeast, atMost } = step.fetches
    const count = jwkSets.countFetches(set)
    return count >= atLeast && count <= atMost ? [] : [`${set} was fetched ${count} times`]
  }

  if ('jwks' in step) jwkSets.answer(step.jwks.set, toBehaviour(step.jwks, world))
  else if ('resetFetches' in step) jwkSets.resetFetches()
  else if ('write' in step) {
    const { path, file, how } = step.write
    await (how === 'inplace'
      ? writeFile(join(dir, path), toText(file, world))
      : writeByRename(dir, path, toText(file, world)))
  } else if ('remove' in step) await rm(join(dir, step.remove))
  else if ('rename' in step) await rename(join(dir, step.rename.from), join(dir, step.rename.to))
  else if ('mount' in step) await mount(step.mount.path, step.mount.files, world)
  else if ('config' in step) await replaceConfig(step.config, world)
  else await sleep(step.wait * 1000)
  return []
}

/** All complaints about `repeat` requests, `parallel` of them at a time. */
const askRepeatedly = async ({ check, expect, repeat, parallel }: Asking, stage: Stage): Promise<readonly string[]> => {
  const { policy, world } = stage
  const subject = { policy, world, ask: stage.gate().client.check }
  const complaints: string[] = []
  for (let asked = 0; asked < repeat; asked += parallel) {
    const round = Array.from({ length: Math.min(parallel, repeat - asked) }, () =>
      judgeCase({ check, expect }, 'map', subject),
    )
    complaints.push(...(await Promise.all(round)).flat())
  }
  return complaints
}

const toBehaviour = ({ keys, json, body = '', redirect, ...rest }: JwksChange, world: World): Behaviour => {
  const value = json ?? (keys && world.toJwkSet(keys))
  return {
    ...rest,
    body: value === undefined ? world.fill(body) : JSON.stringify(fillDeep(value, world.fill)),
    redirect: redirect && world.fill(redirect),
  }
}

const replaceConfig = (change: { policy: string } | { text: string }, world: World): Promise<void> => {
  if ('text' in change) return writeByRename(world.dir, CONFIG_FILE, world.fill(change.text))
  const policy = policies.get(change.policy)
  if (!policy) throw new Error(`there is no policy ${change.policy}`)
  return writeConfig(policy, LISTEN, world)
}

const compare = <T>(what: string, actual: T, wanted: T): readonly string[] =>
  actual === wanted ? [] : [`${what} is ${actual}, not ${wanted}`]
