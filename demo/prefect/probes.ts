import { type IncomingHttpHeaders, request } from 'node:http'
import type { PrefectStack } from './stack.ts'

/** One request to Prefect through the gate, and the status that must come back. */
export interface Probe {
  readonly title: string
  readonly host: keyof PrefectStack['hosts']
  readonly path: string
  readonly method?: string
  readonly withKey?: boolean
  readonly headers?: Readonly<Record<string, string>>
  readonly expected: number
}

/** RFC 6455 §1.2: what opens a websocket. */
export const HANDSHAKE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': Buffer.from('sixteen bytes!!!').toString('base64'),
  'sec-websocket-protocol': 'prefect',
}

const filter = { method: 'POST', headers: { 'content-type': 'application/json' } }

/** What is let through and what is refused in front of a Prefect server. */
export const PROBES: readonly Probe[] = [
  { title: 'the health of the server', host: 'api', path: '/api/health', expected: 200 },
  { title: 'its readiness', host: 'api', path: '/api/ready', expected: 200 },
  { title: 'its version', host: 'api', path: '/api/version', expected: 401 },
  { title: 'its version, with the key', host: 'api', path: '/api/version', withKey: true, expected: 200 },
  { title: 'the API documentation', host: 'api', path: '/api/docs', expected: 401 },
  { title: 'flow runs', host: 'api', path: '/api/flow_runs/filter', ...filter, expected: 401 },
  {
    title: 'flow runs, with the key',
    host: 'api',
    path: '/api/flow_runs/filter',
    ...filter,
    withKey: true,
    expected: 200,
  },
  { title: 'health by another method', host: 'api', path: '/api/health', method: 'POST', expected: 401 },
  { title: 'health with a final slash', host: 'api', path: '/api/health/', expected: 401 },
  { title: 'a name that ends in health', host: 'api', path: '/api/variables/name/system-health', expected: 401 },
  { title: 'an escaped slash', host: 'api', path: '/api%2Fadmin/version', expected: 400 },
  { title: 'an escaped letter', host: 'api', path: '/%61pi/admin/version', expected: 401 },
  { title: 'an open path with a detour', host: 'api', path: '/api/health/../admin/version', expected: 401 },
  { title: 'a websocket', host: 'api', path: '/api/events/in', headers: HANDSHAKE, expected: 401 },
  {
    title: 'a websocket, with the key',
    host: 'api',
    path: '/api/events/in',
    headers: HANDSHAKE,
    withKey: true,
    expected: 101,
  },
  { title: 'a websocket on an open path', host: 'api', path: '/api/health', headers: HANDSHAKE, expected: 401 },
  { title: 'the API host beside /api', host: 'api', path: '/openapi.json', withKey: true, expected: 404 },
  { title: 'the UI', host: 'ui', path: '/v2/', headers: { accept: 'text/html' }, expected: 200 },
  { title: "the UI's settings", host: 'ui', path: '/ui-settings', expected: 200 },
  { title: 'the API on the UI host, with the key', host: 'ui', path: '/api/version', withKey: true, expected: 404 },
  { title: 'the same with an escaped letter', host: 'ui', path: '/%61pi/admin/version', expected: 404 },
  { title: 'the same with an escaped slash', host: 'ui', path: '/api%2Fadmin/version', expected: 400 },
]

export interface ProbeAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** Sends a probe, its path byte for byte. A websocket that opens is closed at once. */
export const sendProbe = (
  { port, hosts, secret }: Pick<PrefectStack, 'port' | 'hosts' | 'secret'>,
  { host, path, method = 'GET', withKey = false, headers = {} }: Omit<Probe, 'title' | 'expected'>,
): Promise<ProbeAnswer> =>
  new Promise((resolve, reject) => {
    const authorization = withKey ? { authorization: `Bearer ${secret}` } : {}
    const sent = request({
      ...{ host: '127.0.0.1', port, method, path, agent: false, timeout: 30_000 },
      headers: { host: hosts[host], ...headers, ...authorization },
    })
    sent.on('response', async (response) => {
      let body = ''
      for await (const chunk of response.setEncoding('utf8')) body += chunk
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body })
    })
    sent.on('upgrade', (response, socket) => {
      socket.destroy()
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: '' })
    })
    sent.on('timeout', () => sent.destroy(new Error(`no answer from ${path} in 30 s`)))
    sent.on('error', reject)
    sent.end(method === 'POST' ? '{}' : undefined)
  })
