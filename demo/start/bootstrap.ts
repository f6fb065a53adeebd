import { type Document, isMap, isNode, isScalar, isSeq, parseDocument, visit } from 'yaml'

/** What differs between a shipped Envoy bootstrap and a running one: addresses, ports and host names. */
export interface BootstrapChanges {
  /** Stands at the top of the file in place of the shipped introduction. */
  readonly comment: string
  readonly ports: { readonly listener: number; readonly admin: number; readonly gate: number }
  readonly service: { readonly host: string; readonly port: number }
  /** The names to use instead of each shipped host name. */
  readonly hosts: Readonly<Record<string, readonly string[]>>
}

/** A shipped bootstrap with other addresses on loopback; everything else, the comments too, stays as it is shipped. */
export const rewriteBootstrap = (shipped: string, { comment, ports, service, hosts }: BootstrapChanges): string => {
  const document = parseDocument(shipped)
  replaceIntroduction(document, comment)
  replaceHosts(document, hosts, ports.listener)
  setAddress(document, ['admin', 'address'], { host: '127.0.0.1', port: ports.admin })
  setAddress(document, ['static_resources', 'listeners', 0, 'address'], { host: '127.0.0.1', port: ports.listener })
  setAddress(document, [...toCluster(document, 'bearergate'), ...ENDPOINT], { host: '127.0.0.1', port: ports.gate })
  const cluster = toCluster(document, 'service')
  setAddress(document, [...cluster, ...ENDPOINT], service)
  if (!IP_ADDRESS.test(service.host)) {
    document.setIn([...cluster, 'type'], 'STRICT_DNS')
    document.setIn([...cluster, 'dns_lookup_family'], 'ALL')
  }
  return document.toString(YAML_STYLE)
}

/** How the shipped files are written. */
export const YAML_STYLE = { lineWidth: 0, indentSeq: false, flowCollectionPadding: false } as const

/** Puts another comment in the place of the one that the file begins with. */
export const replaceIntroduction = (document: Document, comment: string): void => {
  document.commentBefore = ` ${comment}`
  if (!isMap(document.contents)) return
  document.contents.commentBefore = null
  const first = document.contents.items[0]?.key
  if (isNode(first)) first.commentBefore = null
}

/** `domains` are the names with and without the port; an allowed origin is a name with the port, over plain HTTP. */
const replaceHosts = (document: Document, hosts: BootstrapChanges['hosts'], port: number): void => {
  for (const [shipped, names] of Object.entries(hosts)) {
    visit(document, {
      Pair: (_, { key, value }) => {
        if (!isScalar(key) || key.value !== 'domains' || !isSeq(value) || value.get(0) !== shipped) return
        value.items = names.flatMap((name) => [name, `${name}:${port}`]).map((name) => document.createNode(name))
      },
      Scalar: (_, node) => {
        if (node.value === `https://${shipped}`) node.value = `http://${names[0]}:${port}`
      },
    })
  }
}

const IP_ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f:]*:[0-9a-f:]*)$/i
const ENDPOINT = ['load_assignment', 'endpoints', 0, 'lb_endpoints', 0, 'endpoint', 'address'] as const

type Path = readonly (string | number)[]

const toCluster = (document: Document, name: string): Path => {
  for (let index = 0; document.hasIn(['static_resources', 'clusters', index]); index += 1) {
    if (document.getIn(['static_resources', 'clusters', index, 'name']) === name) {
      return ['static_resources', 'clusters', index]
    }
  }
  throw new Error(`the bootstrap has no cluster named ${name}`)
}

const setAddress = (document: Document, path: Path, { host, port }: { host: string; port: number }): void => {
  const address = [...path, 'socket_address']
  if (!document.hasIn([...address, 'port_value']))
    throw new Error(`the bootstrap has no ${address.join('.')}.port_value`)
  document.setIn([...address, 'address'], host)
  document.setIn([...address, 'port_value'], port)
}
