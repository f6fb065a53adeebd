import { readFileSync } from 'node:fs'
import test from 'ava'
import { parse } from 'yaml'
import { rewriteBootstrap } from '../../demo/start/bootstrap.ts'

const readShipped = (name: string): string => readFileSync(new URL(`../../envoy/${name}`, import.meta.url), 'utf8')

const changes = {
  comment: 'Made for a test.',
  ports: { listener: 18080, admin: 19901, gate: 19001 },
  service: { host: '127.0.0.2', port: 14200 },
  hosts: { 'api.prefect.example.com': ['127.0.0.1'], 'ui.prefect.example.com': ['localhost', 'ui.test'] },
}

test('a bootstrap with the same addresses says what the shipped one says', (t) => {
  const same = {
    ...{ comment: 'x', hosts: {} },
    ports: { listener: 8080, admin: 9901, gate: 9001 },
    service: { host: '127.0.0.1', port: 4200 },
  }
  for (const name of ['front-proxy.yaml', 'one-host.yaml']) {
    t.deepEqual(parse(rewriteBootstrap(readShipped(name), same)), parse(readShipped(name)), name)
  }
})

test('addresses, host names and the origin of the UI are replaced', (t) => {
  const { admin, static_resources } = parse(rewriteBootstrap(readShipped('front-proxy.yaml'), changes))
  const [listener] = static_resources.listeners
  t.deepEqual(admin.address.socket_address, { address: '127.0.0.1', port_value: 19901 })
  t.deepEqual(listener.address.socket_address, { address: '127.0.0.1', port_value: 18080 })
  const [api, ui] = listener.filter_chains[0].filters[0].typed_config.route_config.virtual_hosts
  t.deepEqual(api.domains, ['127.0.0.1', '127.0.0.1:18080'])
  t.deepEqual(ui.domains, ['localhost', 'localhost:18080', 'ui.test', 'ui.test:18080'])
  t.deepEqual(api.typed_per_filter_config['envoy.filters.http.cors'].allow_origin_string_match, [
    { exact: 'http://localhost:18080' },
  ])
  const endpoints = static_resources.clusters.map(toEndpoint)
  t.deepEqual(endpoints, [
    { name: 'service', type: 'STATIC', address: '127.0.0.2', port_value: 14200 },
    { name: 'bearergate', type: 'STATIC', address: '127.0.0.1', port_value: 19001 },
  ])
})

test('a service with a name is resolved, in both address families', (t) => {
  const service = { host: 'localhost', port: 80 }
  const { static_resources } = parse(rewriteBootstrap(readShipped('one-host.yaml'), { ...changes, service }))
  const [cluster] = static_resources.clusters
  t.deepEqual(toEndpoint(cluster), { name: 'service', type: 'STRICT_DNS', address: 'localhost', port_value: 80 })
  t.is(cluster.dns_lookup_family, 'ALL')
})

test('the comments inside stay, and the introduction is replaced', (t) => {
  const text = rewriteBootstrap(readShipped('one-host.yaml'), changes)
  t.true(text.startsWith('# Made for a test.\n\nadmin:'))
  t.true(text.includes('# No answer is no permission'))
})

test('a bootstrap without the clusters that are to be changed is refused', (t) => {
  const text = readShipped('one-host.yaml').replaceAll('name: bearergate', 'name: other')
  t.throws(() => rewriteBootstrap(text, changes), { message: 'the bootstrap has no cluster named bearergate' })
})

// biome-ignore lint/suspicious/noExplicitAny: Envoy's configuration, parsed
const toEndpoint = ({ name, type, load_assignment }: any) => ({
  ...{ name, type },
  ...load_assignment.endpoints[0].lb_endpoints[0].endpoint.address.socket_address,
})
