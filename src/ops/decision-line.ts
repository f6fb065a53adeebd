import type { RequestView } from '../core/request.ts'
import type { Verdict } from '../core/verdict.ts'

const MAX_LENGTH = 256

/** The log line of one decision: names and reasons, never a credential, a query or a header's value but the request id. */
export const toDecisionLine = (request: RequestView, verdict: Verdict, milliseconds: number) => {
  const principal = verdict.kind === 'error' ? undefined : verdict.principal
  const keyId = verdict.kind === 'denied' ? verdict.keyId : undefined
  return {
    verdict: verdict.kind,
    reason: verdict.reason,
    route: verdict.route,
    requestId: toLogText(request.headers.get('x-request-id')),
    method: toLogText(request.method),
    host: toLogText(request.host),
    path: toLogText(request.path.split('?', 1)[0]),
    subject: principal?.subject,
    issuer: principal?.kind === 'token' ? principal.issuer : undefined,
    keyId: principal?.kind === 'key' ? principal.keyId : keyId,
    milliseconds: Math.round(milliseconds * 1000) / 1000,
  }
}

/** CVE-2024-45808: the client's text is cut, and all but visible ASCII is escaped. */
const toLogText = (text: string | undefined): string | undefined =>
  text
    ?.slice(0, MAX_LENGTH)
    .replaceAll(/[^ -~]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
