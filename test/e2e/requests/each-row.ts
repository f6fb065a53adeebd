import test from 'ava'
import type { Seen } from '../echo-upstream.ts'
import { FORGED, toIdentityLines } from '../identity-lines.ts'
import { openWebsocket, type Request, sendRequest } from '../send-request.ts'
import { KEY } from '../start-stack.ts'
import { API, type ProxyName, ROWS, type Row, UI } from './rows.ts'

/** A proxy at work, with a gate that takes `KEY` and the token. */
export interface RunningProxy {
  /** Where it listens on 127.0.0.1. */
  readonly port: number
  readonly token: string
  readonly close: () => Promise<void>
}

/** A proxy that the table is run through. */
export interface TestedProxy {
  readonly name: ProxyName
  /** The host of its API, and whether the UI has one of its own: without it, rows of other hosts mean nothing. */
  readonly host: string
  readonly hasUi: boolean
  readonly start: () => Promise<RunningProxy>
}

/** Declares a test for each row; the first starts the proxy, for all. Every request carries identity headers as well, none of which may be believed. */
export const eachRow = ({ name, host, hasUi, start }: TestedProxy): void => {
  let started: Promise<RunningProxy> | undefined
  test.after.always(`close ${name}`, async () => (await started)?.close())

  for (const row of ROWS.filter((row) => hasUi || row.host === API)) {
    const [outcome] = row.but?.[name] ?? [row.outcome]
    test.serial(`${name}: ${toTitle(row)} ${outcome}`, async (t) => {
      started ??= start()
      const proxy = await started
      const request = { ...row, host: row.host === API ? host : row.host, headers: [...toShown(row, proxy), ...FORGED] }
      t.is(await toOutcome(proxy.port, request, row.upgrade), outcome)
    })
  }
}

const toTitle = ({ method, host, path, shown, upgrade, clause }: Row): string =>
  [
    ...(clause ? [`${clause}:`] : []),
    upgrade ? 'websocket' : method,
    `${host === API ? 'api' : host === UI ? 'ui' : host}${path}`,
    ...(shown ? [`with ${shown === 'unknown key' ? 'an' : 'a'} ${shown}`] : []),
    'gives',
  ].join(' ')

const toShown = ({ shown }: Row, { token }: RunningProxy): readonly (readonly [string, string])[] => {
  if (!shown || shown === 'nothing') return []
  const credential = shown === 'key' ? KEY : shown === 'token' ? token : 'e2e-this-key-was-never-given-out'
  return [['authorization', `Bearer ${credential}`]]
}

const toOutcome = async (port: number, request: Request, upgrade = false): Promise<string> => {
  if (!upgrade) {
    const { status, seen } = await sendRequest(port, request)
    return `${status} ${toCaller(seen)}`
  }
  const handshake = await openWebsocket(port, request)
  if (handshake.kind === 'refused') return `${handshake.status} -`
  handshake.socket.destroy()
  return `101 ${toCaller(handshake.seen)}`
}

/** Whom the service took the caller for; with the names of all else that could mislead it. */
const toCaller = (seen: Seen | undefined): string => {
  const lines = toIdentityLines(seen)?.filter(([name]) => !BESIDE_IT.has(name)) ?? []
  return lines.map(([name, value]) => (name === 'x-auth-request-user' ? value : name)).join(' ') || '-'
}

const BESIDE_IT = new Set(['x-auth-request-issuer', 'x-auth-request-scopes', 'x-auth-request-key-id'])
