import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import test from 'ava'
import { parseSettings } from '../../demo/start/settings.ts'
import { findTakenPorts } from '../../demo/start/taken-ports.ts'
import { findFreePorts } from '../../scripts/ports.ts'

const DEFAULTS = { PORT: 8080, ADMIN_PORT: 9901, GATE_PORT: 9001, OPS_PORT: 9003, DEMO_PORT: 9080 }

test('without a word from the environment the ports are the documented ones, and the service is the demo API', (t) => {
  t.deepEqual(parseSettings({}), { kind: 'parsed', settings: { ports: DEFAULTS } })
})

test('the environment chooses ports and the service', (t) => {
  t.deepEqual(parseSettings({ PORT: '8180', UPSTREAM: 'http://127.0.0.1:4200' }), {
    kind: 'parsed',
    settings: { ports: { ...DEFAULTS, PORT: 8180 }, upstream: { host: '127.0.0.1', port: 4200 } },
  })
  const ipv6 = parseSettings({ UPSTREAM: 'http://[::1]:3000/' })
  t.deepEqual(ipv6.kind === 'parsed' && ipv6.settings.upstream, { host: '::1', port: 3000 })
  const named = parseSettings({ UPSTREAM: 'http://flows' })
  t.deepEqual(named.kind === 'parsed' && named.settings.upstream, { host: 'flows', port: 80 })
})

test('every bad setting is named, with what to write', (t) => {
  t.deepEqual(parseSettings({ PORT: '0', ADMIN_PORT: 'x', GATE_PORT: '9003', UPSTREAM: 'https://flows.example' }), {
    kind: 'refused',
    problems: [
      'PORT=0: write a port from 1 to 65535',
      'ADMIN_PORT=x: write a port from 1 to 65535',
      'OPS_PORT=9003 is GATE_PORT already: each needs its own port',
      'UPSTREAM=https://flows.example: write http://HOST:PORT, with no path',
    ],
  })
  for (const UPSTREAM of ['127.0.0.1:4200', 'http://127.0.0.1:4200/api', 'http://me@host', 'nonsense']) {
    t.is(parseSettings({ UPSTREAM }).kind, 'refused', UPSTREAM)
  }
})

test('a taken port is named, with the command that uses another', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const [ADMIN_PORT = 0, GATE_PORT = 0, OPS_PORT = 0, DEMO_PORT = 0] = await findFreePorts(4)
  const ports = { PORT: port, ADMIN_PORT, GATE_PORT, OPS_PORT, DEMO_PORT }
  const message = (await findTakenPorts({ ports })) ?? ''
  t.regex(message, new RegExp(`^Port ${port} \\(Envoy\\) is taken\\.\nStop .* port: PORT=\\d+ npm start$`))
  t.is(await findTakenPorts({ ports: { ...ports, PORT: (await findFreePorts(1))[0] ?? 0 } }), undefined)
})

test('for several taken ports different ones are proposed', async (t) => {
  const servers = Array.from({ length: 2 }, () => createServer().listen(0, '127.0.0.1'))
  t.teardown(() => servers.map((server) => server.close()))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const [PORT = 0, ADMIN_PORT = 0] = servers.map((server) => (server.address() as AddressInfo).port)
  const [GATE_PORT = 0, OPS_PORT = 0, DEMO_PORT = 0] = await findFreePorts(3)
  const ports = { PORT, ADMIN_PORT, GATE_PORT, OPS_PORT, DEMO_PORT }
  const message = (await findTakenPorts({ ports })) ?? ''
  const proposed = [...message.matchAll(/PORT=(\d+)/g)].map(([, port]) => Number(port))
  t.is(proposed.length, 2)
  t.is(new Set([...proposed, ...Object.values(ports)]).size, 7)
})

test("the demo API's port does not matter to who brings a service", async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const { port: DEMO_PORT } = server.address() as AddressInfo
  const [PORT = 0, ADMIN_PORT = 0, GATE_PORT = 0, OPS_PORT = 0] = await findFreePorts(4)
  const ports = { PORT, ADMIN_PORT, GATE_PORT, OPS_PORT, DEMO_PORT }
  t.is(await findTakenPorts({ ports, upstream: { host: '127.0.0.1', port: 4200 } }), undefined)
})
