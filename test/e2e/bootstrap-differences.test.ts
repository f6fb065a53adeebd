import test from 'ava'
import { type BootstrapName, readBootstrap } from './read-bootstrap.ts'

const OWN_FIELDS = new Set(['stat_prefix', 'route_config', 'http_filters'])
const TRUST_FIELDS = new Set(['use_remote_address', 'xff_num_trusted_hops', 'preserve_external_request_id'])

/** A bootstrap without what it has of its own: addresses, names, routes, CORS and, for a sidecar, whom it believes. */
const toCommonPart = (name: BootstrapName): object => {
  const { static_resources } = readBootstrap(name, 1, ['127.0.0.1:1'])
  const connections = static_resources.listeners[0]?.filter_chains[0]?.filters[0]?.typed_config ?? {}
  const filters = connections['http_filters'] as { name: string }[]
  const fields = Object.entries(connections).filter(([field]) => !OWN_FIELDS.has(field) && !TRUST_FIELDS.has(field))
  return {
    fields: Object.fromEntries(fields),
    filters: filters.filter((filter) => filter.name !== 'envoy.filters.http.cors'),
    clusters: static_resources.clusters,
  }
}

for (const name of ['one-host', 'sidecar'] as const) {
  test(`${name}.yaml asks the gate, reads paths, strips headers and logs exactly as front-proxy.yaml does`, (t) => {
    t.deepEqual(toCommonPart(name), toCommonPart('front-proxy'))
  })
}
