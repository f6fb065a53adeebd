/** What of Envoy's resources is looked into; the rest is passed on. */
interface Resource {
  readonly name?: string
  readonly [field: string]: unknown
}

/** A dump of what an Envoy was told, as Envoy's admin and egctl write it. */
export interface ConfigDump {
  readonly configs: readonly { readonly '@type': string; readonly [list: string]: unknown }[]
}

/** A bootstrap with which Envoy does the same without being told: ports of 127.0.0.1 are replaced as `ports` says. */
export const toStatic = ({ configs }: ConfigDump, ports: ReadonlyMap<number, number>): object => {
  const list = <T>(type: string, field: string): readonly T[] =>
    (configs.find((config) => config['@type'].endsWith(`.${type}`))?.[field] ?? []) as readonly T[]
  const routes = list<{ routeConfig: Resource }>('RoutesConfigDump', 'dynamicRouteConfigs').map(
    ({ routeConfig }) => routeConfig,
  )
  const endpoints = list<{ endpointConfig: Resource }>('EndpointsConfigDump', 'dynamicEndpointConfigs').map(
    ({ endpointConfig }) => endpointConfig,
  )

  const toCluster = ({ edsClusterConfig, ...cluster }: Resource): Resource => {
    const name = (edsClusterConfig as { serviceName?: string } | undefined)?.serviceName ?? cluster.name
    const loadAssignment = endpoints.find(({ clusterName }) => clusterName === name)
    if (!edsClusterConfig) return cluster
    return { ...cluster, type: 'STATIC', loadAssignment: withoutType({ ...loadAssignment, clusterName: cluster.name }) }
  }
  const clusters = list<{ cluster: Resource }>('ClustersConfigDump', 'dynamicActiveClusters')
    .map(({ cluster }) => withoutType(cluster))
    .map(toCluster)
  // One more listener is there for the probe of Envoy's pod.
  const listeners = list<{ activeState: { listener: Resource } }>('ListenersConfigDump', 'dynamicListeners')
    .map(({ activeState }) => withoutType(activeState.listener))
    .filter(({ name = '' }) => !name.includes('ready'))
    .map((listener) => ({ ...listener, address: toSocket(0) }))

  const bootstrap = { admin: { address: toSocket(0) }, staticResources: { listeners, clusters } }
  return JSON.parse(JSON.stringify(bootstrap), (key, value) => {
    // The file is /dev/stdout, which cannot be opened where that is a socket.
    if (key === 'accessLog') return undefined
    if (key === 'portValue') return ports.get(value) ?? value
    const { rds, ...rest } = Object(value)
    if (!rds) return value
    const routeConfig = routes.find(({ name }) => name === rds.routeConfigName)
    if (!routeConfig) throw new Error(`the dump has no routes ${rds.routeConfigName}`)
    return { ...rest, routeConfig: withoutType(routeConfig) }
  }) as object
}

const withoutType = ({ '@type': _, ...resource }: Resource): Resource => resource

const toSocket = (port: number): object => ({ socketAddress: { address: '127.0.0.1', portValue: port } })
