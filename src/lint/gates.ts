import type { EnvoyView, HttpFilter, Manager, ProxyRoute } from './envoy-view.ts'
import type { Part } from './part.ts'
import { type Typed, unwrapTyped } from './read-envoy.ts'

/** One ext_authz filter in a filter chain. */
export interface Gate {
  readonly manager: Manager
  readonly filter: HttpFilter
  readonly config: Part
  /** Its `grpc_service`, and those that routes have instead. */
  readonly services: readonly Part[]
  /** Who wrote it. What a mesh cannot set is no finding in what it generates. */
  readonly writer: 'user' | 'istio' | 'envoy-gateway'
}

/** All ext_authz filters. */
export const toGates = ({ managers }: EnvoyView): readonly Gate[] =>
  managers.flatMap((manager) =>
    manager.filters.filter(isGate).map((filter) => {
      const own = filter.config.get('grpc_service')
      const others = manager.hosts.flatMap(({ part, routes }) =>
        [part, ...routes.map((route) => route.part)].flatMap((scope) => {
          const services = toSettings(filter, [scope]).map(({ config }) => config.get('check_settings', 'grpc_service'))
          return services.filter(({ isThere }) => isThere)
        }),
      )
      return {
        manager,
        filter,
        config: filter.config,
        services: own.isThere ? [own, ...others] : others,
        writer: toWriter(filter),
      }
    }),
  )

export const isGate = ({ type }: HttpFilter): boolean => type === 'ExtAuthz'

/** Istio asks an ext_authz server where this filter, before it, says so. */
export const RBAC = 'envoy.filters.http.rbac'

const toWriter = ({ name, config }: HttpFilter): Gate['writer'] => {
  if (config.get('filter_enabled_metadata', 'filter').text === RBAC) return 'istio'
  return name.startsWith('envoy.filters.http.ext_authz/securitypolicy/') ? 'envoy-gateway' : 'user'
}

/** Whether a gate is asked about the requests of a route. */
export type Asked = { readonly kind: 'asked'; readonly routeName: Part | undefined } | { readonly kind: 'unasked' }

/** What the filter chain and the settings of a route come to: asked by one filter is asked. */
export const toAsked = ({ filters }: Manager, { ways }: ProxyRoute): Asked => {
  const gates = filters.filter(isGate)
  const answers = ways.map((way) => gates.map((filter) => askOne(filter, way)).find(({ kind }) => kind === 'asked'))
  const [first] = answers
  return first && !answers.includes(undefined) ? first : { kind: 'unasked' }
}

const askOne = (filter: HttpFilter, way: readonly Part[]): Asked => {
  const [setting] = toSettings(filter, way)
  const isOff = setting ? setting.isOff || setting.config.get('disabled').isTrue : filter.isOff
  return isOff ? { kind: 'unasked' } : { kind: 'asked', routeName: toRouteName(filter, way) }
}

/** What a route and all around it say for a filter, the most specific first. */
const toSettings = ({ name }: HttpFilter, way: readonly Part[]): readonly Typed[] =>
  way.flatMap((scope) => {
    const entry = scope
      .get('typed_per_filter_config')
      .entries()
      .find(([key]) => key === name)
    return entry ? [unwrapTyped(entry[1])] : []
  })

/** Context extensions of route and virtual host add up; the most specific counts. */
const toRouteName = (filter: HttpFilter, way: readonly Part[]): Part | undefined =>
  toSettings(filter, way)
    .map(({ config }) => config.get('check_settings', 'context_extensions', 'route'))
    .find(({ isThere }) => isThere)
