import test from 'ava'
import { parseAddress } from '../../src/render/address.ts'
import { renderEnvoy } from '../../src/render/render-envoy.ts'
import { type EnvoyGatewayOptions, renderEnvoyGateway } from '../../src/render/render-envoy-gateway.ts'
import { type IstioOptions, renderIstio } from '../../src/render/render-istio.ts'
import { renderNginx } from '../../src/render/render-nginx.ts'
import { parseUpstream } from '../../src/render/upstream.ts'
import { address, envoyOptions, upstream } from './envoy-options.ts'
import { toConfig } from './to-config.ts'

const API = toConfig({ routes: [{ host: 'api.example.com', rule: 'bearer' }] })
const TLS = { tls: { certificateFile: 'a', keyFile: 'b' } }

const istio: IstioOptions = {
  introduction: 'For a test.',
  namespace: 'istio-system',
  target: { kind: 'selector', labels: { istio: 'ingressgateway' } },
  provider: 'bearergate',
  gate: { name: 'bearergate', namespace: 'gate', port: 9001 },
}

const gateway: EnvoyGatewayOptions = {
  introduction: 'For a test.',
  namespace: 'default',
  gateway: 'bearergate',
  gate: { name: 'bearergate', namespace: 'gate', port: 9001 },
  upstreams: [upstream('app:80')],
  trustedHops: 0,
  corsOrigins: [],
  corsHeaders: 'authorization',
}

test('what Envoy cannot be told is said, with what to do', (t) => {
  const refuse = (change: Parameters<typeof envoyOptions>[0]) => {
    const rendered = renderEnvoy(API, envoyOptions(change))
    return rendered.kind === 'refused' ? rendered.problems : []
  }
  t.deepEqual(refuse({ upstreams: [upstream('/x=none')] }), [])
  t.deepEqual(refuse({ upstreams: [] }), [
    'where is the service of api.example.com? Say --upstream api.example.com=ADDRESS:PORT, or --upstream ADDRESS:PORT for all',
  ])
  t.deepEqual(refuse({ upstreams: [upstream('127.0.0.1:1'), upstream('apl.example.com=127.0.0.1:1')] }), [
    '--upstream apl.example.com=…: no route of the policy speaks of this host, so the gate denies all of it',
  ])
  t.deepEqual(refuse({ gates: [] }), ['where is the gate? Say --gate ADDRESS:PORT'])
  t.deepEqual(refuse({ gates: [address('gate:9001'), address('unix:/run/gate.sock')] }), [
    '--gate: Envoy takes no names beside unix sockets: give IP addresses',
  ])
  t.deepEqual(refuse({ listen: address('localhost:80'), admin: address('localhost:81') }), [
    '--listen localhost:80: write an IP address and a port',
    '--admin localhost:81: write an IP address and a port',
  ])
})

test('Istio 1.30 takes no provider of another name, and denies everything: so it is refused here', (t) => {
  for (const provider of ['Bearergate', 'bearer_gate', '-gate', 'x'.repeat(64)]) {
    t.deepEqual(renderIstio(API, { ...istio, provider }), {
      kind: 'refused',
      problems: [`--provider: ${provider} is no name of Kubernetes: use a-z, 0-9 and -, at most 63`],
    })
  }
})

test('an Istio policy without a selector is refused: the gate itself would ask the gate', (t) => {
  t.deepEqual(renderIstio(API, { ...istio, target: { kind: 'selector', labels: {} } }), {
    kind: 'refused',
    problems: ['--selector: without a label all pods of the namespace would ask the gate, the gate itself among them'],
  })
})

test('what the Gateway API cannot be told is said, with what to do', (t) => {
  const refuse = (config: Readonly<Record<string, unknown>>, change: Partial<EnvoyGatewayOptions>) => {
    const rendered = renderEnvoyGateway(toConfig(config), { ...gateway, ...change })
    return rendered.kind === 'refused' ? rendered.problems : []
  }
  const routes = [{ host: '10.0.0.1', rule: 'bearer' }]
  t.deepEqual(refuse({ routes }, {}), [
    '10.0.0.1: the Gateway API takes DNS names alone as hostnames: leave the host out of the route',
  ])
  t.deepEqual(refuse({ routes: [{ rule: 'bearer' }] }, { upstreams: [upstream('10.0.0.1:80')] }), [
    '--upstream …=10.0.0.1:80: a route leads to a Service: write NAME:PORT or NAME.NAMESPACE:PORT',
  ])
  t.deepEqual(refuse({ listen: TLS, routes: [{ rule: 'bearer' }] }, {}), [
    'listen.tls: say with --gate-ca which ConfigMap has the CA of the gate, as ca.crt',
  ])
})

test('nginx asks at a door of its own: without one nothing is rendered', (t) => {
  const options = { introduction: '', listen: address('127.0.0.1:80'), gates: [], upstreams: [upstream('127.0.0.1:1')] }
  t.deepEqual(renderNginx(API, options), {
    kind: 'refused',
    problems: [
      'doors: write listen.http and a door of kind nginx: that is where nginx asks',
      'where is the gate? Say --gate ADDRESS:PORT',
    ],
  })
})

test('addresses and upstreams are read strictly', (t) => {
  t.deepEqual(parseAddress('[::1]:80'), { kind: 'ip', host: '::1', port: 80 })
  t.deepEqual(parseAddress('a-b.example.com:80'), { kind: 'name', host: 'a-b.example.com', port: 80 })
  t.deepEqual(parseAddress('unix:/run/x.sock'), { kind: 'unix', path: '/run/x.sock' })
  for (const text of ['', ':80', 'a', 'a:0', 'a:65536', 'a:b', '[a]:80', '::1:80', 'a b:80', 'unix:x', 'http://a:80']) {
    t.is(parseAddress(text), undefined, text)
  }
  const service = { kind: 'ip', host: '127.0.0.1', port: 1 }
  t.deepEqual(parseUpstream('127.0.0.1:1'), { prefix: '', address: service })
  t.deepEqual(parseUpstream('A.example.com=127.0.0.1:1'), { host: 'a.example.com', prefix: '', address: service })
  t.deepEqual(parseUpstream('*.example.com/a/b/=none'), { host: '*.example.com', prefix: '/a/b' })
  for (const text of [
    '',
    'none',
    '=',
    'a=b',
    'a.example.com:80=127.0.0.1:1',
    '/a/../b=127.0.0.1:1',
    '/a*=127.0.0.1:1',
  ]) {
    if (text !== 'none') t.is(parseUpstream(text), undefined, text)
  }
})
