import type { Answer, HeaderOption } from './envoy.ts'
import { isOk } from './envoy.ts'

/** A refusal as the client gets it. */
export interface Refusal {
  readonly kind: 'denied_response' | 'error_response'
  readonly status: number
  readonly headers: readonly HeaderOption[]
  readonly body: string
}

/** The refusal that an answer names; undefined where it names none. */
export const toRefusal = (answer: Answer): Refusal | undefined => {
  const kind = answer.error_response ? 'error_response' : 'denied_response'
  const response = answer[kind]
  if (isOk(answer) || !response) return undefined
  return { kind, status: response.status?.code ?? 0, headers: response.headers ?? [], body: response.body ?? '' }
}

/** The values of a header. */
export const toValues = ({ headers }: Refusal, name: string): string[] =>
  headers.flatMap(({ header }) => (header?.key?.toLowerCase() === name ? [header.value ?? ''] : []))

/** The members of a problem document (RFC 9457); undefined if the body is none. */
export const toProblem = (refusal: Refusal): Record<string, unknown> | undefined => {
  if (toValues(refusal, 'content-type')[0] !== 'application/problem+json') return undefined
  const members = parseJson(refusal.body)
  return typeof members === 'object' && members !== null && !Array.isArray(members) ? { ...members } : undefined
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
