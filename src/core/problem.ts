import type { BearerError } from './challenge.ts'
import type { Denied, Failed } from './verdict.ts'

/** The body of a refusal (RFC 9457). It says what to do, never why a credential is bad. */
export interface Problem {
  readonly title: string
  readonly status: number
  readonly detail: string
  /** The code of RFC 6750 §3.1, where there is one. */
  readonly error?: BearerError
}

const DETAILS: Record<BearerError, string> = {
  invalid_request: 'Send exactly one credential, once, such as one header Authorization: Bearer TOKEN.',
  invalid_token: 'The API key or access token was not accepted. Check that it is the current one for this service.',
  insufficient_scope: 'The API key or access token is good, but lacks a scope that this request needs.',
}

/** What the client is told about a verdict. */
export const toProblem = (verdict: Denied | Failed): Problem => {
  const { status } = verdict
  if (verdict.kind === 'error') {
    return { title: 'Service Unavailable', status, detail: 'The credential cannot be checked now. Try again later.' }
  }
  if (verdict.error)
    return { title: TITLES[verdict.status], status, detail: DETAILS[verdict.error], error: verdict.error }
  if (verdict.status === 401) {
    const detail = 'This service needs a credential. Send an API key or an access token: Authorization: Bearer TOKEN.'
    return { title: TITLES[401], status, detail }
  }
  return { title: TITLES[verdict.status], status, detail: 'This request is not allowed here.' }
}

const TITLES: Record<Denied['status'], string> = { 400: 'Bad Request', 401: 'Unauthorized', 403: 'Forbidden' }

/** The same on one line, for gRPC callers, who get it as `grpc-message`. */
export const toLine = ({ title, detail }: Problem): string => `${title}: ${detail}`
