import 'reflect-metadata'
import { request } from 'node:https'
import test from 'ava'
import { createAuthority } from '../fixtures/certificates.ts'
import type { Bootstrap } from './read-bootstrap.ts'
import { openWebsocket, sendRequest } from './send-request.ts'
import type { PolicyFile } from './start-gate.ts'
import { KEY, startStack, WITH_KEY } from './start-stack.ts'

const HOST = 'api.prefect.example.com'
const PATH = '/api/flows'

const withCredentials =
  (credentials: readonly unknown[]) =>
  (policy: PolicyFile): void => {
    policy['routes'] = [{ host: HOST, rule: 'bearer', realm: 'API', credentials }]
  }

interface ExtAuthz {
  readonly name: string
  readonly typed_config: { allowed_headers?: { patterns: { exact: string }[] } }
}

/** Lets the gate see what its policy reads beside the shipped one's. */
const show =
  (...names: readonly string[]) =>
  ({ static_resources: { listeners } }: Bootstrap): void => {
    const filters = listeners[0]?.filter_chains[0]?.filters[0]?.typed_config['http_filters'] as readonly ExtAuthz[]
    const gate = filters.find(({ name }) => name === 'envoy.filters.http.ext_authz')
    gate?.typed_config.allowed_headers?.patterns.push(...names.map((exact) => ({ exact })))
  }

const valuesOf = (seen: { readonly headers: readonly (readonly [string, string])[] } | undefined, name: string) =>
  seen?.headers.filter(([other]) => other === name).map(([, value]) => value)

test.serial(
  'RFC 9110 §11.6.1: a 401 has a line for each scheme; what a route takes does not reach the service',
  async (t) => {
    const { envoy, close } = await startStack('front-proxy', {
      policy: withCredentials(['bearer', 'basic', { header: 'x-api-key' }, { cookie: 'Token' }, 'websocketProtocol']),
      bootstrap: show('x-api-key', 'cookie', 'sec-websocket-protocol', 'sec-fetch-site'),
    })
    t.teardown(close)
    const ask = (...headers: readonly (readonly [string, string])[]) =>
      sendRequest(envoy.port, { host: HOST, path: PATH, headers })

    const refused = await ask()
    t.is(refused.status, 401)
    t.is(refused.headers['www-authenticate'], 'Bearer realm="API", Basic realm="API", charset="UTF-8"')

    const basic = `Basic ${Buffer.from(`anybody:${KEY}`).toString('base64')}`
    for (const [name, value] of [['x-api-key', KEY] as const, ['authorization', basic] as const, WITH_KEY]) {
      const { status, seen } = await ask([name, value])
      t.is(status, 200, name)
      t.deepEqual(valuesOf(seen, name), [], name)
      t.deepEqual(valuesOf(seen, 'x-auth-request-user'), ['ci'], name)
    }
    t.is((await ask(WITH_KEY, ['x-api-key', KEY])).status, 400)
    t.is((await ask(['x-api-key', KEY], ['x-api-key', KEY])).status, 400)

    const { status, seen } = await ask(['cookie', `a=b; Token=${KEY}; c=d`])
    t.is(status, 200)
    t.deepEqual(valuesOf(seen, 'cookie'), ['a=b; c=d'])
    t.is((await ask(['cookie', `a=b; Token=${KEY}`], ['cookie', `Token=${KEY}`])).status, 400)

    const protocol = `base64url.bearer.authorization.k8s.io.${Buffer.from(KEY).toString('base64url')}`
    const handshake = await openWebsocket(envoy.port, {
      host: HOST,
      path: PATH,
      headers: [['sec-websocket-protocol', `${protocol}, prefect`]],
    })
    if (handshake.kind === 'refused') return t.fail(`${handshake.status}`)
    handshake.socket.destroy()
    t.deepEqual(valuesOf(handshake.seen, 'sec-websocket-protocol'), ['prefect'])
  },
)

test.serial(
  'the name in a client certificate that Envoy has verified is a credential; a header with one is none',
  async (t) => {
    const authority = await createAuthority('clients')
    const server = await authority.issue('server')
    const pem = (text: string) => ({ inline_string: text })
    const { envoy, close } = await startStack('front-proxy', {
      policy: withCredentials([{ clientCertificate: { allowed: ['gate.test'] } }]),
      bootstrap: ({ static_resources: { listeners } }) => {
        const chain = listeners[0]?.filter_chains[0] as Record<string, unknown> | undefined
        if (!chain) return
        chain['transport_socket'] = {
          name: 'envoy.transport_sockets.tls',
          typed_config: {
            '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext',
            common_tls_context: {
              tls_certificates: [{ certificate_chain: pem(server.certificate), private_key: pem(server.key) }],
              validation_context: { trusted_ca: pem(authority.certificate) },
            },
          },
        }
      },
    })
    t.teardown(close)
    const ask = (client: object, headers: Record<string, string> = {}): Promise<number> =>
      new Promise((resolve, reject) => {
        const options = { host: '127.0.0.1', port: envoy.port, path: PATH, agent: false, rejectUnauthorized: false }
        const sent = request({ ...options, ...client, headers: { host: HOST, ...headers } }, (response) => {
          response.resume()
          resolve(response.statusCode ?? 0)
        })
        sent.once('error', reject)
        sent.end()
      })
    const { certificate: cert, key } = await authority.issue('client')
    t.is(await ask({ cert, key }), 200)
    t.is(await ask({}), 403)
    const forged = 'By=x;Hash=y;DNS=gate.test'
    t.is(await ask({}, { 'x-forwarded-client-cert': forged }), 403)
    const stranger = await (await createAuthority('strangers')).issue('stranger')
    await t.throwsAsync(ask({ cert: stranger.certificate, key: stranger.key }))
  },
)
