import * as z from 'zod'
import { fileContent } from './file-content.ts'
import { readYaml } from './read-yaml.ts'

const policy = z.strictObject({
  about: z.string().optional(),
  files: z.record(z.string(), fileContent).default({}),
  mounts: z.record(z.string(), z.record(z.string(), fileContent)).default({}),
  config: z.looseObject({
    outage: z.string().optional(),
    identity: z
      .strictObject({ claims: z.record(z.string(), z.string()).default({}) })
      .catchall(z.string())
      .optional(),
  }),
})

/** A configuration and the files that belong to it, their placeholders still to be filled. */
export type PolicyFixture = z.output<typeof policy>

/** All policies by name. */
export const loadPolicies = (): ReadonlyMap<string, PolicyFixture> => {
  const { policies } = z.strictObject({ policies: z.record(z.string(), policy) }).parse(readYaml('policies.yaml'))
  return new Map(Object.entries(policies))
}

/** The names of a policy's identity headers. */
export const toIdentityNames = ({ config }: PolicyFixture): string[] => {
  const { claims, ...rest } = config.identity ?? { subject: 'x-auth-request-user', claims: {} }
  return [...Object.values(rest), ...Object.values(claims)]
}
