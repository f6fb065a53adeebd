import * as z from 'zod'
import type { TokenReviewConfig } from '../config/token-review-schema.ts'
import { isHeaderValue } from '../core/header-value.ts'
import { type Cluster, openCluster } from '../kubernetes/cluster.ts'
import { readJson, toFailure } from '../kubernetes/read-status.ts'
import { toReason } from '../kubernetes/turn.ts'
import { type Authority, type AuthorityOptions, createAuthority } from './authority.ts'
import { isFor, type Judged } from './judge-introspection.ts'
import { own, parseJws } from './jws.ts'

const PATH = '/apis/authentication.k8s.io/v1/tokenreviews'

const reviewSchema = z.object({
  status: z.object({
    authenticated: z.boolean().default(false),
    // The API gives a user without any name for a token that it does not know.
    user: z
      .object({
        username: z.string().default(''),
        groups: z.array(z.string()).default([]),
        extra: z.record(z.string(), z.array(z.string())).default({}),
      })
      .optional(),
    audiences: z.array(z.string()).default([]),
    error: z.string().optional(),
  }),
})

/** A Kubernetes API that is asked about tokens of its ServiceAccounts (authentication.k8s.io/v1, TokenReview). */
export const createTokenReview = (
  config: TokenReviewConfig,
  options: Pick<AuthorityOptions, 'max' | 'now' | 'elapsed' | 'observer'>,
): Authority => {
  let cluster: Promise<Cluster> | undefined
  const { issuer, audiences, timeout, kubeconfig, context } = config

  const question = async (token: string): Promise<Judged> => {
    try {
      cluster ??= openCluster({ kubeconfig, context })
      const api = await cluster
      const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token, audiences } }
      const response = await api.send({ method: 'POST', path: PATH, body, signal: AbortSignal.timeout(timeout) })
      const answer = await readJson(response)
      if (response.statusCode === 201) return judgeReview(answer, token, config)
      return { kind: 'failed', problem: toFailure(answer, response.statusCode ?? 0).message }
    } catch (error) {
      // A kubeconfig that could not be read may be there the next time.
      cluster = undefined
      return { kind: 'failed', problem: toReason(error) }
    }
  }
  const authority = createAuthority({
    ...options,
    ...config,
    outage: 'token_review_unavailable',
    mayKnow: (jws) => jws.kind === 'jws' && own(jws.claims, 'iss') === issuer,
    question,
  })
  return {
    ...authority,
    // RFC 7519 §4.1.3: a token for somebody else is shown to nobody.
    ask: async (token, digest, deadline) =>
      isFor(audiences, own(toClaims(token), 'aud'))
        ? authority.ask(token, digest, deadline)
        : { kind: 'rejected', reason: 'wrong_audience' },
  }
}

const toClaims = (token: string): Readonly<Record<string, unknown>> => {
  const jws = parseJws(token)
  return jws.kind === 'jws' ? jws.claims : {}
}

/** Judges the answer of the API. The token's own claims count once the API has said that it is authentic. */
const judgeReview = (answer: unknown, token: string, { issuer, audiences }: TokenReviewConfig): Judged => {
  const review = reviewSchema.safeParse(answer)
  if (!review.success) return { kind: 'failed', problem: 'the answer is no TokenReview' }
  const { status } = review.data
  const { authenticated, user } = status
  if (!authenticated || !user) return { kind: 'rejected', reason: 'inactive_token' }
  // An API server that knows no audiences leaves them out, and has checked none.
  if (!isFor(audiences, status.audiences)) return { kind: 'rejected', reason: 'wrong_audience' }
  const { username, groups, extra } = user
  if (!username.startsWith('system:serviceaccount:') || !isHeaderValue(username)) {
    return { kind: 'rejected', reason: 'claim_refused' }
  }
  const expires = own(toClaims(token), 'exp')
  return {
    kind: 'verified',
    principal: {
      kind: 'token',
      subject: username,
      issuer,
      scopes: [],
      claims: new Map<string, unknown>([...Object.entries(extra), ['groups', groups]]),
    },
    ...(typeof expires === 'number' && { expiresAt: expires * 1000 }),
  }
}
