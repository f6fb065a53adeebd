import { join } from 'node:path'
import { stringify } from 'yaml'
import { writeByRename } from './atomic-write.ts'
import { type FileContent, toText } from './file-content.ts'
import { swapMountedSecret } from './mounted-secret.ts'
import { fillDeep } from './placeholders.ts'
import type { PolicyFixture } from './policy-file.ts'
import type { World } from './world.ts'

/** Addresses that a gate listens on, added to the policy: they are different in every run. */
export type Listen = Readonly<Record<string, string>>

/** Writes the files of a policy and its bearergate.yaml, and says where that is. */
export const writePolicy = async (policy: PolicyFixture, listen: Listen, world: World): Promise<string> => {
  for (const [path, content] of Object.entries(policy.files)) {
    await writeByRename(world.dir, path, toText(content, world))
  }
  for (const [path, files] of Object.entries(policy.mounts)) await mount(path, files, world)
  await writeConfig(policy, listen, world)
  return join(world.dir, CONFIG_FILE)
}

/** Writes bearergate.yaml alone. */
export const writeConfig = ({ config }: PolicyFixture, listen: Listen, world: World): Promise<void> =>
  writeByRename(
    world.dir,
    CONFIG_FILE,
    stringify({
      listen,
      ...(listen['http'] && { doors: DOORS }),
      ...HARNESS,
      ...(fillDeep(config, world.fill) as object),
    }),
  )

/** A door of each kind, for this machine. A password takes its time where much else is going on. */
const DOORS = ['envoy', 'nginx', 'traefik', 'caddy'].map((kind) => ({
  kind,
  path: `/${kind}`,
  timeout: '15s',
  ...(kind !== 'envoy' && { trustedProxies: ['127.0.0.1'] }),
}))

/** A gate under test ends at once, and its log tells all that it ever would. */
const HARNESS = { drain: { delay: '0s', timeout: '1s' }, log: { level: 'debug', decisions: 'all' } }

/** Swaps a mounted Secret, or makes the first one. */
export const mount = (path: string, files: Readonly<Record<string, FileContent>>, world: World): Promise<void> =>
  swapMountedSecret(
    join(world.dir, path),
    Object.fromEntries(Object.entries(files).map(([name, content]) => [name, toText(content, world)])),
  )

/** The name of the configuration file in the folder of a world. */
export const CONFIG_FILE = 'bearergate.yaml'
