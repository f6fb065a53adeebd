import type { Config } from '../../src/config/load.ts'
import { toPolicy } from '../../src/config/policy.ts'
import { configSchema } from '../../src/config/schema.ts'

/** A configuration with a folder of keys and no identity headers but the first, unless it says otherwise. */
export const toConfig = (config: Readonly<Record<string, unknown>>): Config => {
  const file = configSchema.parse({ keys: [{ directory: './keys' }], ...config })
  return { file, policy: toPolicy(file, new Map()), secrets: new Map() }
}
