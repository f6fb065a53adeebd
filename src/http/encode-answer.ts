import type { DoorKind } from '../config/door-schema.ts'
import { toLine, toProblem } from '../core/problem.ts'
import { isGrpc, type RequestView } from '../core/request.ts'
import { type Denied, type Failed, type Ok, refused, type Verdict } from '../core/verdict.ts'

/** An answer as Node writes it. */
export interface HttpAnswer {
  readonly status: number
  /** Names and values in turn. */
  readonly headers: readonly string[]
  readonly body: string
}

/** Encodes the answer to one verdict at a door of that kind. `credentials` are the headers that a policy takes some from. */
export const encodeAnswer = (
  kind: DoorKind,
  verdict: Verdict,
  request: RequestView,
  credentials: readonly string[] = [],
): HttpAnswer =>
  verdict.kind === 'ok' ? encodeOk(kind, verdict, request, credentials) : encodeRefusal(verdict, isGrpc(request))

/**
 * Envoy is told what to remove. All others take each header that they are configured for from the answer: one that is not
 * there is removed, so that an Authorization, a cookie or a key which stays must be in it.
 */
const encodeOk = (
  kind: DoorKind,
  { headers: { set, remove } }: Ok,
  { headers }: RequestView,
  credentials: readonly string[],
): HttpAnswer => {
  const lines = set.flat()
  if (kind === 'envoy') {
    if (remove.length > 0) lines.push('x-envoy-auth-headers-to-remove', remove.join(','))
  } else {
    for (const name of new Set(['authorization', ...credentials])) {
      const value = headers.get(name)
      const isEdited = remove.includes(name) || set.some(([other]) => other === name)
      if (value !== undefined && !isEdited) lines.push(name, value)
    }
  }
  return { status: 200, headers: [...lines, 'content-length', '0'], body: '' }
}

const encodeRefusal = (verdict: Denied | Failed, forGrpc: boolean): HttpAnswer => {
  const problem = toProblem(verdict)
  const body = forGrpc ? toLine(problem) : JSON.stringify(problem)
  const challenges = verdict.kind === 'denied' ? verdict.challenges : []
  return {
    status: verdict.status,
    headers: [
      ...challenges.flatMap((challenge) => ['www-authenticate', challenge]),
      ...['content-type', forGrpc ? 'text/plain' : 'application/problem+json'],
      ...['content-length', String(Buffer.byteLength(body))],
    ],
    body,
  }
}

/**
 * The verdict as that door can express it. nginx passes 401 and 403 on and makes 500 of all other statuses. CVE-2025-64484:
 * Envoy alone can be told to remove another spelling of an identity header; elsewhere a request with one is refused.
 */
export const fitVerdict = (kind: DoorKind, verdict: Verdict): Verdict => {
  if (kind === 'nginx' && verdict.kind === 'denied' && verdict.status === 400) return { ...verdict, status: 401 }
  const isAliased = verdict.kind === 'ok' && verdict.headers.remove.some((name) => /[^a-z0-9-]/.test(name))
  return isAliased && kind !== 'envoy' ? refused('malformed_request') : verdict
}
