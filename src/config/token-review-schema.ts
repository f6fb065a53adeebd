import * as z from 'zod'
import { file, line } from './fields.ts'
import { askingFields } from './introspection-schema.ts'

/** A Kubernetes API that is asked about tokens of its ServiceAccounts (TokenReview). */
export const tokenReviewSchema = z.strictObject({
  issuer: line.describe('The iss of its tokens, exactly: the --service-account-issuer of the cluster.'),
  audiences: z.array(line).min(1, 'name at least one audience').describe('One of them must be in aud.'),
  kubeconfig: file.optional().describe('How to reach the API from outside the cluster.'),
  context: z.string().min(1, 'is empty').optional().describe('Of the kubeconfig. By default its current one.'),
  ...askingFields,
})

export type TokenReviewConfig = z.output<typeof tokenReviewSchema>
