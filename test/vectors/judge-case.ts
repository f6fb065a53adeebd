import type { CheckRequest } from '../generated/envoy/service/auth/v3/CheckRequest.ts'
import type { Case, Check, Form } from './case-file.ts'
import { toCheckMessage } from './check-message.ts'
import { toClientRequest } from './client-request.ts'
import type { Answer } from './envoy.ts'
import { judge } from './judge.ts'
import { type PolicyFixture, toIdentityNames } from './policy-file.ts'
import type { World } from './world.ts'

/** A gate under test, with one policy in force. */
export interface Subject {
  readonly policy: PolicyFixture
  readonly world: World
  readonly ask: (message: CheckRequest) => Promise<{ readonly answer: Answer; readonly millis: number }>
}

/** Asks about one row in one form and judges the answer. `other` is the row that its `sameAs` names. */
export const judgeCase = async (
  { check, expect }: Pick<Case, 'check' | 'expect'>,
  form: Form,
  { policy, world, ask }: Subject,
  other?: Check,
): Promise<string[]> => {
  const request = toClientRequest(check, world.fill)
  const { answer, millis } = await ask(toCheckMessage(request, form))
  const twin = other && (await ask(toCheckMessage(toClientRequest(other, world.fill), form)))
  const terms = {
    identity: toIdentityNames(policy).map((name) => name.toLowerCase()),
    outageIsError: policy.config.outage === 'error',
    secrets: world.listSecrets(),
  }
  return judge(expect, { request, answer, millis, other: twin?.answer }, terms, world.fill)
}
