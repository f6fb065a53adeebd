import { isToken } from '../core/credential.ts'
import { ExitCode } from '../exit-code.ts'
import { isMistyped } from '../key/checksum.ts'
import { toDigest } from '../key/digest.ts'
import { toRecords } from '../sources/key-entry.ts'
import { EMPTY_INDEX, toKeyIndex } from '../sources/key-index.ts'
import { judgeKey } from '../verify/judge-key.ts'
import { parseJws } from '../verify/jws.ts'
import { type FoundKey, type KeyList, listKeys } from './list-keys.ts'
import type { Report } from './report.ts'
import { type SourceChoice, withEditors } from './with-editors.ts'

export interface KeyInspectOptions extends SourceChoice {
  /** Judges the key for this host, too. */
  readonly host?: string
  readonly json?: boolean
}

/** What is known of a secret: neither it nor its digest. */
interface Finding {
  readonly passes: boolean
  /** As the gate's log names it. */
  readonly reason: string
  readonly id?: string
  readonly secret?: 'current' | 'replaced'
  readonly [detail: string]: unknown
}

/** Says whose secret was given and whether a gate would let it pass now. */
export const runKeyInspect = (
  { host, json = false, ...choice }: KeyInspectOptions,
  input: Uint8Array,
  now: number,
): Promise<Report> =>
  withEditors(choice, async (editors) => {
    const secret = Buffer.from(input)
      .toString()
      .replace(/\r?\n$/, '')
    const list = await listKeys(editors, { digest: toDigest(secret) })
    const finding = inspect(secret, list, host, now)
    return {
      code: finding.passes ? 0 : finding.reason === 'keys_unavailable' ? ExitCode.unavailable : ExitCode.refused,
      out: json ? JSON.stringify(finding, undefined, 2) : toText(finding),
      ...(list.problems.length > 0 && { err: list.problems.join('\n') }),
    }
  })

const inspect = (secret: string, { keys, isWhole }: KeyList, host: string | undefined, now: number): Finding => {
  if (!isToken(secret)) return { passes: false, reason: 'malformed_credential' }
  const digest = toDigest(secret)
  const groups = keys.map(({ entry, origin }) => ({ origin, records: toRecords(entry) }))
  const { byDigest, owners } = toKeyIndex(groups, EMPTY_INDEX)
  const record = byDigest.get(digest)
  const key = keys.find(({ entry, origin }) => entry.id === record?.id && owners.get(entry.id) === origin)
  if (!record || !key) return { passes: false, reason: toUnknownReason(secret, isWhole) }
  const { hosts, ...anywhere } = record
  const verdict = judgeKey(host === undefined ? anywhere : record, host, now)
  const passes = verdict.kind === 'verified'
  return { passes, reason: passes ? 'verified' : verdict.reason, ...toDetails(key, digest) }
}

/** The order of the gate. */
const toUnknownReason = (secret: string, isWhole: boolean): string => {
  if (isMistyped(secret)) return 'mistyped_key'
  if (!isWhole) return 'keys_unavailable'
  return parseJws(secret).kind === 'opaque' ? 'unknown_key' : 'access_token'
}

const toDetails = ({ entry, origin, editor, lastUsed }: FoundKey, digest: string) => {
  const { digest: current, previous = [], disabled: _, ...shown } = entry
  const old = previous.find((secret) => secret.digest.endsWith(digest))
  const kind = current.endsWith(digest) ? 'current' : 'replaced'
  return { ...shown, secret: kind, goodUntil: old?.expires, source: editor.name, origin, lastUsed } as const
}

const toText = (finding: Finding): string => {
  const { passes, reason, id, secret, origin, scopes, hosts, notBefore, expires, goodUntil, lastUsed } = finding
  const answer = passes ? 'would pass' : `would not pass: ${REASONS[reason] ?? reason}`
  if (id === undefined) return `The secret ${answer}`
  const details = {
    origin,
    secret,
    'good until': goodUntil,
    scopes,
    hosts,
    'not before': notBefore,
    expires,
    'last used': lastUsed,
  }
  const lines = Object.entries(details).flatMap(([name, value]) => (value === undefined ? [] : [`  ${name}: ${value}`]))
  return [`${id} ${answer}`, ...lines].join('\n')
}

const REASONS: Readonly<Record<string, string>> = {
  malformed_credential: 'malformed: it is empty, or holds a character that no bearer can carry (RFC 6750 §2.1)',
  mistyped_key: 'its checksum is wrong: it was cut or mistyped',
  unknown_key: 'no source has it',
  keys_unavailable: 'it is unknown here, and not every source could be asked',
  access_token: 'it is a JWT and no key: this command knows keys alone',
  disabled_key: 'the key is disabled',
  expired_key: 'it has expired',
  premature_key: 'it is not good yet',
  wrong_host: 'it is not good for this host',
}
