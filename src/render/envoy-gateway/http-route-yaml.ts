import type { ProxyRoute } from '../proxy-route.ts'
import type { TextBlock } from '../text-block.ts'
import { ANY_HOST, type VirtualHost } from '../virtual-hosts.ts'
import { type Data, yaml } from '../yaml-text.ts'
import { parseBackend } from './backend.ts'

/** What every HTTPRoute is written with. */
export interface HttpRouteSettings {
  readonly namespace: string
  readonly gateway: string
}

/** The filter that answers 404 where nothing is. */
export const NOTHING_HERE = 'nothing-here'

/** The name of a virtual host's HTTPRoute: its first host. */
export const toRouteObjectName = ({ hosts: [first = ANY_HOST] }: VirtualHost): string =>
  first.replace(/^\*\./, 'any.').replace(ANY_HOST, 'any')

/** Where the requests of some hosts go. Who may send them is not said here. */
export const toHttpRoute = (virtualHost: VirtualHost, { namespace, gateway }: HttpRouteSettings): TextBlock => {
  const hosts = virtualHost.hosts.filter((host) => host !== ANY_HOST)
  return yaml`
    apiVersion: gateway.networking.k8s.io/v1
    kind: HTTPRoute
    metadata:
      name: ${toRouteObjectName(virtualHost)}
      namespace: ${namespace}
    spec:
      parentRefs:
      - {group: gateway.networking.k8s.io, kind: Gateway, name: ${gateway}}
      ${hosts.length > 0 ? yaml`hostnames: ${hosts}` : []}
      rules:
      ${toBlocks(virtualHost).map((block) => toRule(block, namespace))}`
}

/** One for each prefix that has a service or nothing. */
export const toBlocks = ({ routes }: VirtualHost): readonly ProxyRoute[] =>
  routes.filter(({ routeName }) => routeName === undefined)

const toRule = ({ match, address }: ProxyRoute, namespace: string): TextBlock => {
  const prefix = (match.kind === 'segments' && match.prefix) || '/'
  const backend = address && parseBackend(address, namespace)
  return yaml`
    - matches:
      - path: {type: PathPrefix, value: ${prefix}}
      ${backend ? toBackendYaml(toRef(backend, namespace)) : NOTHING}`
}

const toRef = (backend: { name: string; namespace: string; port: number }, namespace: string): Data => ({
  name: backend.name,
  ...(backend.namespace !== namespace && { namespace: backend.namespace }),
  port: backend.port,
})

const toBackendYaml = (ref: Data): TextBlock => yaml`
  backendRefs:
  - ${ref}
  # It does not cut websockets.
  timeouts: {request: 60s}`

const NOTHING = yaml`
  filters:
  - type: ExtensionRef
    extensionRef: {group: gateway.envoyproxy.io, kind: HTTPRouteFilter, name: ${NOTHING_HERE}}`

/** The object behind `nothing-here`. */
export const toNothingHere = (namespace: string): TextBlock => yaml`
  apiVersion: gateway.envoyproxy.io/v1alpha1
  kind: HTTPRouteFilter
  metadata:
    name: ${NOTHING_HERE}
    namespace: ${namespace}
  spec:
    directResponse: {statusCode: 404}`
