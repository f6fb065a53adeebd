import * as z from 'zod'
import { DURATION, parseDuration } from './duration.ts'
import { file } from './fields.ts'

/** Below this the API server could not be heard from often enough, in milliseconds. */
const LEAST_STALE_MILLISECONDS = 5_000

const maxStale = z
  .string()
  .regex(DURATION, 'write a duration as 30s, 5m, 24h or 90d')
  .transform((text) => parseDuration(text) ?? 0)
  .refine((milliseconds) => milliseconds >= LEAST_STALE_MILLISECONDS, 'must be 5s at least')

/** API keys in Kubernetes Secrets. */
export const kubernetesSource = z.strictObject({
  namespace: z
    .string()
    .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, 'is no name of a namespace')
    .optional()
    .describe('Where the Secrets are. By default the namespace of the ServiceAccount, or of the kubeconfig.'),
  labelSelector: z
    .string()
    .min(1, 'is empty: that would take every Secret of the namespace for keys')
    .describe('Which Secrets hold keys, as kubectl writes it: bearergate.dev/keys=prefect.'),
  kubeconfig: file.optional().describe('How to reach the API from outside the cluster.'),
  context: z.string().min(1, 'is empty').optional().describe('Of the kubeconfig. By default its current one.'),
  maxStale: maxStale.optional().describe('How long the last good keys serve while the API is away; after that 503.'),
})

export type KubernetesSourceConfig = z.output<typeof kubernetesSource>
