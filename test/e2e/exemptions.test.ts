import { Agent } from 'node:http'
import test from 'ava'
import { askGate } from './ask-gate.ts'
import { eachBootstrap } from './each-bootstrap.ts'
import type { BootstrapName } from './read-bootstrap.ts'
import { sendRequest } from './send-request.ts'
import { startGate } from './start-gate.ts'
import { KEY, startStack } from './start-stack.ts'

const METHODS = ['GET', 'HEAD', 'POST', 'OPTIONS']
const UI = 'ui.prefect.example.com'
const PATHS = [
  ...['/', '/v2/', '/v2/a%20b', '/assets/a.js', '/assets/a;b.js', '/assets/a%2520.js', '/assets/%ff', '/assets/%zz'],
  ...['/api', '/api/flows', '/api/health', '/api/ready', '/api/health?x=/%2f', '/api/health/', '/api/%68ealth'],
  ...['/api/flows/../health', '/api/flows/%2e%2e/ready', '//api//health', '/api/health;v=1', '/api/health%3f'],
  ...['/API/health', '/api%2fhealth', '/api/health%00', '/api/health/..', '/%61pi/flows', '/;/api/flows', '/x/..;/api'],
  ...['/api/variables/name/system-health', '/docs', '/*', '/~', '/.well-known/x', '/a$b', "/a'b", '/a:b@c,d'],
]

const PROBES = ['/api/health', '/api/health?x=/%2f', '/api/ready']
const PLAIN_PAGES: Readonly<Record<BootstrapName, readonly string[]>> = {
  'front-proxy': ['/', '/.well-known/x', '/assets/a.js', '/docs', '/v2/', '/~'].map((path) => `${UI}${path}`),
  'one-host': ['/', '/assets/a.js', '/v2/'].map((path) => `prefect.example.com${path}`),
  sidecar: [],
}

eachBootstrap(({ name, host }) => {
  test.serial(`${name}: what Envoy passes on without asking is public by the gate's policy too`, async (t) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 16 })
    t.teardown(() => agent.destroy())
    // With no gate to ask, Envoy answers 503: what it passes on all the same is what it exempts.
    const { envoy, close } = await startStack(name, { gates: 0 })
    t.teardown(close)
    const gate = await startGate(name, { ci: KEY })
    t.teardown(gate.close)

    const hosts = name === 'front-proxy' ? [host, UI] : [host]
    const requests = hosts.flatMap((host) =>
      METHODS.flatMap((method) => PATHS.map((path) => ({ host, method, path, agent }))),
    )
    const passed = new Set<string>()
    await Promise.all(
      requests.map(async (request) => {
        const { seen } = await sendRequest(envoy.port, request)
        if (!seen) return
        const { host, method } = request
        passed.add(`${method} ${host}${seen.path}`)
        // The gate is asked as Envoy would have asked it: about the path as it is passed on.
        t.true(await askGate(gate.address, { host, method, path: seen.path }), `${method} ${host}${seen.path}`)
      }),
    )

    const probes = PROBES.map((path) => `GET ${host}${path}`)
    const pages = PLAIN_PAGES[name].flatMap((page) => [`GET ${page}`, `HEAD ${page}`])
    t.deepEqual([...passed].sort(), [...probes, ...pages].sort())
  })
})
