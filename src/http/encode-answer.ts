import type { DoorKind } from '../config/door-schema.ts'
import { toLine, toProblem } from '../core/problem.ts'
import type { RequestView } from '../core/request.ts'
import { type Denied, type Failed, type Ok, refused, type Verdict } from '../core/verdict.ts'

/** An answer as Node writes it. */
export interface HttpAnswer {
  readonly status: number
  /** Names and values in turn. */
  readonly headers: readonly string[]
  readonly body: string
}

/** Encodes the answer to one verdict at a door of that kind; `isGrpc`: the caller takes a plain line alone. */
export const encodeAnswer = (kind: DoorKind, verdict: Verdict, isGrpc: boolean): HttpAnswer =>
  verdict.kind === 'ok'
    ? { status: 200, headers: [...toOkLines(kind, verdict), 'content-length', '0'], body: '' }
    : encodeRefusal(verdict, isGrpc)

/** Envoy is told what to remove. */
const toOkLines = (kind: DoorKind, { headers: { set, remove } }: Ok): readonly string[] => {
  if (kind === 'envoy' && remove.length > 0) return [...set.flat(), 'x-envoy-auth-headers-to-remove', remove.join(',')]
  return kind === 'caddy' ? [...set.flat(), ...remove.flatMap((name) => [name, ''])] : set.flat()
}

/**
 * The answer with what stays as the client sent it. Every proxy but Envoy takes the headers that it is configured for from
 * the answer, and removes one that is not there (Caddy: one that is empty). `credentialHeaders` are those that the
 * policy may take a credential from.
 */
export const addUnchanged = (
  kind: DoorKind,
  answer: HttpAnswer,
  { headers: { set, remove } }: Ok,
  headers: RequestView['headers'],
  credentialHeaders: readonly string[],
): HttpAnswer => {
  const lines: string[] = []
  for (const name of credentialHeaders) {
    const value = headers.get(name) ?? (kind === 'caddy' ? '' : undefined)
    const isEdited = remove.includes(name) || set.some(([other]) => other === name)
    if (value !== undefined && !isEdited) lines.push(name, value)
  }
  return lines.length === 0 ? answer : { ...answer, headers: [...answer.headers, ...lines] }
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
 * Envoy alone can be told to remove any header of the client's; the others remove `taken`, which they are configured for, and a
 * request with one more that the service could believe is refused.
 */
export const fitVerdict = (kind: DoorKind, verdict: Verdict, taken: ReadonlySet<string>): Verdict => {
  if (kind === 'nginx' && verdict.kind === 'denied' && verdict.status === 400) return { ...verdict, status: 401 }
  const isTaken = verdict.kind !== 'ok' || verdict.headers.remove.every((name) => taken.has(name))
  return isTaken || kind === 'envoy' ? verdict : refused('malformed_request')
}
