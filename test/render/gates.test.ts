import test from 'ava'
import { parse } from 'yaml'
import { toEnvoyBootstrap } from '../../src/command/render-envoy.ts'
import { toNginx } from '../../src/command/render-nginx.ts'
import { address, upstream } from './envoy-options.ts'
import { toConfig } from './to-config.ts'

const config = toConfig({
  listen: { grpc: '0.0.0.0:9001', http: '127.0.0.1:9011', ops: '127.0.0.1:9021' },
  doors: [{ kind: 'nginx', path: '/nginx', trustedProxies: ['127.0.0.1'] }],
  workers: 3,
  routes: [{ rule: 'public', host: 'ui.example.com' }],
})
const LISTEN = address('127.0.0.1:8080')

test('Envoy and nginx ask each worker', (t) => {
  const flags = { config: '', listen: LISTEN, trustedHops: 0, corsHeaders: '', upstream: [upstream('127.0.0.1:8000')] }
  const envoy = toEnvoyBootstrap(config, flags, '')
  const nginx = toNginx(config, { config: '', listen: LISTEN, upstream: [upstream('127.0.0.1:8000')] }, '')
  if (envoy.kind === 'refused' || nginx.kind === 'refused') return t.fail(JSON.stringify([envoy, nginx]))
  const { clusters } = parse(envoy.text).static_resources
  const gates = clusters.find(({ name }: { readonly name: string }) => name === 'bearergate')
  t.deepEqual(
    gates.load_assignment.endpoints[0].lb_endpoints.map(
      (one: {
        readonly endpoint: { readonly address: { readonly socket_address: { readonly port_value: number } } }
      }) => one.endpoint.address.socket_address.port_value,
    ),
    [9001, 9002, 9003],
  )
  t.deepEqual(
    [...nginx.text.matchAll(/server 127\.0\.0\.1:(90\d+);/g)].map(([, port]) => port),
    ['9011', '9012', '9013'],
  )
})
