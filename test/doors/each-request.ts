import { once } from 'node:events'
import test from 'ava'
import { FORGED, toIdentityLines } from '../e2e/identity-lines.ts'
import { openWebsocket, sendRequest } from '../e2e/send-request.ts'
import type { PolicyFile } from '../e2e/start-gate.ts'
import { KEY, WITH_KEY } from '../e2e/start-stack.ts'
import type { Proxied } from './start-proxied.ts'

const api = 'api.prefect.example.com'
const ui = 'ui.prefect.example.com'
const CI = [['x-auth-request-user', 'ci']]
/** Of what a client would like the service to believe, the identity headers of the examples, and others of their family. */
const isNamed = ([name]: readonly [string, string]): boolean => /^x-auth-request-(?:user|scopes)$/.test(name)
const NAMED = FORGED.filter(isNamed)
const UNNAMED = FORGED.filter((line) => !isNamed(line))

/** How a proxy differs from the others. */
export interface Traits {
  /** The status of a request that the gate answers with 400. */
  readonly badRequest: 400 | 401
  /** The status of what the proxy answers when nobody answers it. */
  readonly unreachable: number
}

/** Declares the same tests for every proxy that asks over HTTP. */
export const eachRequest = (
  name: string,
  start: (edit?: (policy: PolicyFile) => void) => Promise<Proxied>,
  traits: Traits,
): void => {
  let started: Promise<Proxied> | undefined
  const stack = (): Promise<Proxied> => {
    started ??= start()
    return started
  }
  test.after.always(`close ${name}`, async () => (await started)?.close())
  const ask = async (request: Parameters<typeof sendRequest>[1]) =>
    sendRequest((await stack()).port, { host: api, ...request })

  test.serial(`${name}: the service learns who called, and not with what credential`, async (t) => {
    const { status, seen } = await ask({ path: '/api/flows?limit=1&x=%2f', headers: [WITH_KEY] })
    t.is(status, 200)
    t.is(seen?.path, '/api/flows?limit=1&x=%2f')
    t.deepEqual(toIdentityLines(seen), CI)
  })

  test.serial(`${name}: a body comes through, and the gate does not see it`, async (t) => {
    const headers = [WITH_KEY, ['content-length', '0'], ['content-type', 'application/json']] as const
    t.is((await ask({ method: 'POST', path: '/api/flows/filter', headers })).seen?.method, 'POST')
  })

  test.serial(`${name}: RFC 6750 §3: without a credential 401 and the challenge`, async (t) => {
    const { status, headers, seen } = await ask({ path: '/api/flows' })
    t.is(status, 401)
    t.is(headers['www-authenticate'], 'Bearer realm="Prefect API"')
    t.is(seen, undefined)
  })

  test.serial(`${name}: CVE-2020-25017: two credentials are refused, though the first is good`, async (t) => {
    const { status, seen } = await ask({ path: '/api/flows', headers: [WITH_KEY, ['Authorization', 'Bearer b']] })
    // nginx refuses them on its own account.
    t.true([400, 401].includes(status), `${status}`)
    t.is(seen, undefined)
  })

  test.serial(`${name}: RFC 6750 §3.1: a malformed credential is told so by the challenge`, async (t) => {
    const { status, headers } = await ask({ path: '/api/flows', headers: [['authorization', 'Bearer a b']] })
    t.is(status, traits.badRequest)
    t.regex(headers['www-authenticate'] ?? '', /^Bearer realm="Prefect API", error="invalid_request"/)
  })

  test.serial(`${name}: a bad key is 401, and what is not allowed is 403`, async (t) => {
    t.is((await ask({ path: '/api/flows', headers: [['authorization', 'Bearer bad']] })).status, 401)
    t.is((await ask({ host: 'other.example.com', path: '/', headers: [WITH_KEY] })).seen, undefined)
  })

  test.serial(`${name}: the host of the UI is no other way to the API`, async (t) => {
    for (const [method, path] of [
      ['POST', '/api/flows/filter'],
      ['GET', '/api/flows'],
      ['POST', '/'],
    ] as const) {
      const { status, seen } = await ask({ host: ui, method, path, headers: [['content-length', '0']] })
      t.deepEqual([status, seen], [403, undefined], `${method} ${path}`)
    }
  })

  test.serial(`${name}: CVE-2026-86863: nothing that a client says about itself reaches the service`, async (t) => {
    for (const [request, lines] of [
      [{ path: '/api/flows', headers: [WITH_KEY, ...NAMED] }, CI],
      [{ path: '/api/health', headers: NAMED }, []],
      [{ host: ui, path: '/', headers: NAMED }, []],
    ] as const) {
      const { seen } = await ask(request)
      t.truthy(seen, request.path)
      t.deepEqual(toIdentityLines(seen), lines)
    }
  })

  for (const [header, value] of UNNAMED) {
    test.serial(`${name}: CVE-2025-64484: ${header}, which the policy does not name, does not reach it`, async (t) => {
      for (const request of [{ path: '/api/flows', headers: [WITH_KEY] }, { path: '/api/health' }, { host: ui }]) {
        const { seen } = await ask({ ...request, headers: [...(request.headers ?? []), [header, value]] })
        t.false(seen?.headers.some(([name]) => name === header) ?? false)
      }
    })
  }

  for (const alias of ['x_auth_request_user', 'x.auth.request.user', 'x-auth_request-user', 'X_AUTH-REQUEST.USER']) {
    test.serial(`${name}: CVE-2025-64484: ${alias} does not reach the service`, async (t) => {
      for (const request of [{ path: '/api/flows', headers: [WITH_KEY] }, { path: '/api/health' }, { host: ui }]) {
        const { seen } = await ask({ ...request, headers: [...(request.headers ?? []), [alias, 'root']] })
        t.false(seen?.headers.some(([, value]) => value === 'root') ?? false)
      }
    })
  }

  test.serial(`${name}: Connection: X-Auth-Request-User takes no identity from the service`, async (t) => {
    for (const nominated of ['X-Auth-Request-User', 'close, x-auth-request-user', 'keep-alive, X-Auth-Request-User']) {
      const { status, seen } = await ask({ path: '/api/flows', headers: [WITH_KEY, ['connection', nominated]] })
      t.is(status, 200)
      t.deepEqual(toIdentityLines(seen), CI)
    }
  })

  test.serial(`${name}: Connection: Authorization opens nothing`, async (t) => {
    const headers = [WITH_KEY, ['connection', 'Authorization, X-Original-URL, X-Forwarded-Uri']] as const
    const { status, seen } = await ask({ path: '/api/flows', headers })
    if (status === 200) t.deepEqual(toIdentityLines(seen), CI)
    else t.is(status, 401)
  })

  test.serial(`${name}: GHSA-7x63-xv5r-3p2x: a forged original request changes nothing`, async (t) => {
    for (const twice of [false, true]) {
      const forged = [
        ['X-Original-URL', `http://${ui}/`],
        ['X-Original-Method', 'OPTIONS'],
        ['X-Original-URI', '/api/health'],
        ['X-Forwarded-Uri', '/api/health'],
        ['X-Forwarded-Method', 'GET'],
        ['X-Forwarded-Host', ui],
        ['X-Forwarded-Prefix', '/x'],
        ['X-Forwarded-Proto', 'wss'],
        ['X-Rewrite-URL', '/api/health'],
        ['X-Envoy-Original-Path', '/api/health'],
        ['Forwarded', `host=${ui}`],
      ] as const
      const headers = twice ? [...forged, ...forged] : forged
      for (const path of ['/api/flows', '/api/health/x']) {
        const { status, seen } = await ask({ method: 'POST', path, headers })
        t.is(status, 401, path)
        t.is(seen, undefined)
      }
      t.is((await ask({ path: '/api/flows', headers: [WITH_KEY, ...headers] })).status, 200)
    }
  })

  test.serial(`${name}: what is open is open for reading alone`, async (t) => {
    t.is((await ask({ path: '/api/health?x=1' })).status, 200)
    t.is((await ask({ method: 'POST', path: '/api/health' })).status, 401)
    t.is((await ask({ path: '/api/health/' })).status, 401)
    t.is((await ask({ host: ui, path: '/runs' })).status, 200)
  })

  test.serial(`${name}: what is open lets the caller's Authorization through`, async (t) => {
    const { seen } = await ask({ host: ui, path: '/', headers: [['authorization', 'Basic dXNlcjpwYXNz']] })
    t.deepEqual(toIdentityLines(seen), [['authorization', 'Basic dXNlcjpwYXNz']])
  })

  test.serial(`${name}: CVE-2019-9901: no spelling of a path opens another one`, async (t) => {
    for (const path of [
      '/api/health/../flows',
      '/api/health/..%2fflows',
      '/api/health/%2e%2e/flows',
      '/api/health;/../flows',
      '//api/health',
      '/api//health',
      '/api%2fhealth',
      '/api/%2568ealth',
      '/api/health%00',
      '/api\\health',
    ]) {
      const { status, seen } = await ask({ path })
      // A proxy that cleans a path sends on what it had judged.
      if (seen) t.is(seen.path, '/api/health', path)
      else t.true(status >= 400 && status < 500, `${path}: ${status}`)
    }
  })

  test.serial(`${name}: Fetch standard: a preflight needs no credential, and OPTIONS alone does`, async (t) => {
    const headers = [
      ['origin', `https://${ui}`],
      ['access-control-request-method', 'POST'],
    ] as const
    t.is((await ask({ method: 'OPTIONS', path: '/api/flows/filter', headers })).seen?.method, 'OPTIONS')
    t.is((await ask({ method: 'OPTIONS', path: '/api/flows/filter' })).status, 401)
  })

  for (const path of ['/healthz', '/livez', '/readyz', '/metrics', '/nginx', '/traefik', '/_bearergate']) {
    test.serial(`${name}: ${path} of a client's is the service's, and closed`, async (t) => {
      t.true([401, 404].includes((await ask({ path })).status))
    })
  }

  test.serial(`${name}: a websocket opens with a key and carries bytes both ways`, async (t) => {
    const { port } = await stack()
    for (const extra of [[], [['x-forwarded-proto', 'wss']]] as const) {
      const headers = [WITH_KEY, ...FORGED.slice(0, 2), ...extra]
      const handshake = await openWebsocket(port, { host: api, path: '/api/events/in', headers })
      if (handshake.kind === 'refused') return t.fail(`refused with ${handshake.status}`)
      t.teardown(() => handshake.socket.destroy())
      t.deepEqual(toIdentityLines(handshake.seen), CI)
      handshake.socket.write('over and back')
      t.is(`${(await once(handshake.socket, 'data'))[0]}`, 'over and back')
    }
  })

  for (const path of ['/api/events/in', '/api/health']) {
    test.serial(`${name}: CVE-2025-64763: no websocket opens at ${path} without a credential`, async (t) => {
      const { port } = await stack()
      t.deepEqual(await openWebsocket(port, { host: api, path }), { kind: 'refused', status: 401 })
    })
  }

  test.serial(`${name}: no other protocol opens on a public path`, async (t) => {
    const headers = [
      ['connection', 'Upgrade'],
      ['upgrade', 'other/1'],
    ] as const
    const { status, seen } = await ask({ path: '/api/health', headers })
    if (status === 200) t.false(seen?.headers.some(([line]) => line === 'upgrade'))
    else t.true(status >= 400)
  })

  test.serial(`${name}: an outage of the keys is 503, not 401 and no way through`, async (t) => {
    const { port, close } = await start((policy) => {
      policy['keys'] = [{ directory: './keys' }, { directory: './missing' }]
    })
    t.teardown(close)
    const ask = (key: string) =>
      sendRequest(port, { host: api, path: '/api/flows', headers: [['authorization', `Bearer ${key}`]] })
    t.is((await ask(KEY)).status, 200)
    const { status, seen } = await ask('a-key-that-may-be-in-the-other-folder')
    t.is(status, 503)
    t.is(seen, undefined)
  })

  test.serial(`${name}: without its gate nobody gets through`, async (t) => {
    const { port, gate } = await stack()
    await gate.close()
    for (const path of ['/api/flows', '/api/health']) {
      const { status, seen } = await sendRequest(port, { host: api, path, headers: [WITH_KEY] })
      t.is(status, traits.unreachable)
      t.is(seen, undefined)
    }
  })
}
