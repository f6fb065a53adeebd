/** What a client shows: an API key, an access token, a key that nobody was given, or nothing. */
export type Shown = 'key' | 'token' | 'unknown key' | 'nothing'

/** The proxies that the table is run through. */
export type ProxyName = 'front-proxy' | 'one-host' | 'sidecar' | 'istio-gateway' | 'istio-sidecar' | 'envoy-gateway'

/**
 * The status that a client gets, and whom the service took it for: `200 ci`. `-` is nobody: an open path, or a service
 * that was not reached; `authorization` is nobody, but the service sees what was shown. 101 is a websocket that opened.
 */
export type Outcome = `${number} ${'ci' | 'svc-reports' | 'authorization' | '-'}`

type Exceptions = Readonly<Partial<Record<ProxyName, readonly [outcome: Outcome, why: string]>>>

/** A request, and its outcome through every proxy. */
export interface Row {
  readonly method: string
  /** That of the API, that of the UI, or any other text that a client may send for it. */
  readonly host: string
  readonly path: string
  readonly outcome: Outcome
  readonly shown?: Shown
  /** Asks for a websocket. */
  readonly upgrade?: boolean
  /** The rule that it is a test of. */
  readonly clause?: string
  /** The proxies that answer in another way, each with the reason. */
  readonly but?: Exceptions
}

type Rest = Pick<Row, 'shown' | 'upgrade' | 'clause' | 'but'>

const on =
  (host: string) =>
  (method: string, path: string, outcome: Outcome, rest: Rest = {}): Row => ({ method, host, path, outcome, ...rest })

export const API = 'api.prefect.example.com'
export const UI = 'ui.prefect.example.com'
const api = on(API)
const ui = on(UI)

/** A public route with a path opens no websocket. */
const WEBSOCKET = { upgrade: true, clause: 'CVE-2025-64763' }

/** The bootstraps and Envoy Gateway refuse an escaped slash themselves; for Istio that is a setting of the whole mesh. */
const slashesReach = (outcome: Outcome): Rest => {
  const exception = [
    outcome,
    'the proxy lets an escaped slash pass, and the gate takes such a path for no open one',
  ] as const
  return { but: { 'istio-gateway': exception, 'istio-sidecar': exception } }
}

const NO_ROUTE: Rest = { but: { 'front-proxy': ['404 -', 'it has no route to the API on this host, in no spelling'] } }

const ANY_HOST = { clause: 'CVE-2021-39155' }
const UNKNOWN = ['404 -', 'it knows no such host'] as const
const NO_PORT: Rest = { ...ANY_HOST, but: { 'front-proxy': UNKNOWN } }
const NO_HOST: Rest = { ...ANY_HOST, but: { 'front-proxy': UNKNOWN, 'envoy-gateway': UNKNOWN } }

const PASSED_ON = ['200 authorization', 'the gate is asked about open paths too, and takes nothing away there'] as const
const IGNORED: Rest['but'] = {
  'istio-gateway': PASSED_ON,
  'istio-sidecar': PASSED_ON,
  'envoy-gateway': PASSED_ON,
}

/** The hosts are an API that is closed but for two paths, and a UI that is open and has no API. */
export const ROWS: readonly Row[] = [
  api('GET', '/api/flows', '401 -'),
  api('GET', '/api/flows', '401 -', { shown: 'unknown key' }),
  api('GET', '/api/flows', '200 ci', { shown: 'key' }),
  api('GET', '/api/flows', '200 svc-reports', { shown: 'token' }),
  api('POST', '/api/flows/filter', '401 -'),
  api('POST', '/api/flows/filter', '200 ci', { shown: 'key' }),
  api('DELETE', '/api/flows/1?force=true', '200 svc-reports', { shown: 'token' }),

  // RFC 6455 §4.1: a handshake is a GET, and shows a credential as any GET does.
  api('GET', '/api/events/in', '401 -', WEBSOCKET),
  api('GET', '/api/events/in', '101 ci', { ...WEBSOCKET, shown: 'key' }),
  api('GET', '/api/events/in', '101 svc-reports', { ...WEBSOCKET, shown: 'token' }),
  api('GET', '/api/health', '401 -', WEBSOCKET),
  api('GET', '/api/ready', '401 -', WEBSOCKET),

  api('GET', '/api/health', '200 -'),
  api('GET', '/api/ready', '200 -'),
  api('GET', '/api/health?verbose=1', '200 -'),
  api('GET', '/api/health', '200 -', { shown: 'key', but: IGNORED }),
  api('GET', '/api/health', '200 -', { shown: 'unknown key', but: IGNORED }),

  // Near misses of what is open.
  api('POST', '/api/health', '401 -'),
  api('HEAD', '/api/health', '401 -'),
  api('OPTIONS', '/api/health', '401 -'),
  api('GET', '/api/health/', '401 -'),
  api('GET', '/api/health/x', '401 -'),
  api('GET', '/api/healthy', '401 -'),
  api('GET', '/api/health;v=1', '401 -'),
  api('GET', '/api/health%3bv=1', '401 -'),
  api('GET', '/api/health%3fx', '401 -'),
  api('GET', '/api/%2568ealth', '401 -'),
  api('GET', '/api/health%zz', '401 -'),
  api('GET', '/api/health%ff', '401 -'),
  api('GET', '/api/health%00', '400 -'),
  api('GET', '/api/health%2f', '400 -', slashesReach('401 -')),
  api('GET', '/api/health/..%2fflows', '400 -', slashesReach('401 -')),
  api('GET', '/api/health%5c..%5cflows', '400 -', slashesReach('401 -')),
  api('GET', '/api/variables/name/system-health', '401 -'),
  api('GET', '/api/flows?path=/api/health', '401 -'),
  api('GET', '/api/health/../flows', '401 -'),
  api('GET', '/api/health/%2e%2e/flows', '401 -'),
  api('GET', '/api/health\\..\\flows', '401 -'),
  api('GET', '/api/health/..;/flows', '401 -'),
  api('GET', '/%61pi/admin/version', '401 -'),
  api('GET', '//api/admin/version', '401 -'),
  api('GET', '/x/../api/admin/version', '401 -'),
  api('GET', '/api%2Fadmin/version', '400 -', slashesReach('401 -')),
  api('GET', '/api%5Cadmin/version', '400 -', slashesReach('401 -')),
  api('GET', '/assets/..%2fapi/admin/version', '400 -', slashesReach('401 -')),

  // What is spelled in an ambiguous way is the API's none the less, once there is a credential.
  api('GET', '/api/health;v=1', '200 ci', { shown: 'key' }),
  api('GET', '/api/variables/name/a%20b', '200 ci', { shown: 'key' }),

  ui('GET', '/', '200 -'),
  ui('HEAD', '/', '200 -'),
  ui('GET', '/v2/', '200 -'),
  ui('GET', '/assets/index-4f1c.js', '200 -'),
  ui('GET', '/ui-settings', '200 -'),
  ui('GET', '/apis', '200 -'),
  ui('GET', '/v2/work-pools/work-pool/my%20pool', '200 -'),
  ui('HEAD', '/v2/flows/caf%C3%A9', '200 -'),
  ui('GET', '/v2/', '200 -', { shown: 'key', but: IGNORED }),
  ui('GET', '/v2/', '200 -', { shown: 'unknown key', but: IGNORED }),

  ui('POST', '/', '403 -'),
  ui('OPTIONS', '/', '403 -'),
  ui('DELETE', '/assets/index-4f1c.js', '403 -'),
  ui('POST', '/', '403 -', { shown: 'key' }),
  ui('GET', '/', '403 -', WEBSOCKET),
  ui('GET', '/', '403 -', { ...WEBSOCKET, shown: 'key' }),
  ui('GET', '/api;/flows', '403 -'),
  ui('GET', '/;/api/flows', '403 -'),
  ui('GET', '/%2561pi/flows', '403 -'),
  ui('GET', '/assets/x%ff', '403 -'),
  ui('GET', '/assets/x%zz', '403 -'),
  ui('GET', '/api%2Fadmin/version', '400 -', slashesReach('403 -')),
  ui('GET', '/assets/..%2fapi', '400 -', slashesReach('403 -')),
  ui('GET', '/assets/..%5capi', '400 -', slashesReach('403 -')),

  ui('GET', '/api', '403 -', NO_ROUTE),
  ui('GET', '/api/flows', '403 -', NO_ROUTE),
  ui('GET', '/api/flows', '403 -', { ...NO_ROUTE, shown: 'key' }),
  ui('GET', '/api/health', '403 -', NO_ROUTE),
  ui('GET', '/api/events/in', '403 -', { ...NO_ROUTE, ...WEBSOCKET }),
  ui('POST', '/api/flows/filter', '403 -', NO_ROUTE),
  ui('GET', '/%61pi/admin/version', '403 -', NO_ROUTE),
  ui('GET', '//api/flows', '403 -', NO_ROUTE),
  ui('GET', '/assets/../api/flows', '403 -', NO_ROUTE),
  ui('GET', '/assets/%2e%2e/api/flows', '403 -', NO_ROUTE),
  ui('GET', '/assets\\..\\api/flows', '403 -', NO_ROUTE),
  // Envoy takes a dot segment with a parameter for a dot segment (CVE-2026-73551).
  ui('GET', '/.;/api/flows', '403 -', NO_ROUTE),
  ui('GET', '/assets/..;/api/flows', '403 -', NO_ROUTE),

  // CVE-2021-39155 and its kin: no spelling of a host opens anything.
  on('API.Prefect.Example.COM')('GET', '/api/flows', '401 -', ANY_HOST),
  on('API.Prefect.Example.COM')('GET', '/api/flows', '200 ci', { ...ANY_HOST, shown: 'key' }),
  on(`${API}:8080`)('GET', '/api/flows', '401 -', ANY_HOST),
  on(`${API}:80`)('GET', '/api/flows', '401 -', NO_PORT),
  on(`${API}.`)('GET', '/api/flows', '401 -', NO_HOST),
  on(`${API}.:80`)('GET', '/api/flows', '401 -', NO_HOST),
  on(`${UI}:80`)('GET', '/api/flows', '403 -', NO_PORT),
  on(`${UI}.`)('GET', '/api/flows', '403 -', NO_HOST),
  on(`${UI},${API}`)('GET', '/api/flows', '403 -', NO_HOST),
  on(`${UI}:8080,${API}`)('GET', '/api/flows', '403 -', NO_PORT),
  on('prefect.example.com')('GET', '/api/flows', '403 -', NO_HOST),
  on('prefect.example.com')('GET', '/', '403 -', NO_HOST),
  on('app:80')('GET', '/api/flows', '403 -', NO_HOST),
  on('10.1.2.3')('GET', '/api/flows', '403 -', NO_HOST),
]
