import type { Part } from './part.ts'
import type { Answer, Sample } from './sample.ts'

/** One Envoy configuration, from listeners to the filters and routes of its HTTP connection managers. */
export interface EnvoyView {
  readonly admin: Part
  readonly managers: readonly Manager[]
  readonly clusters: ReadonlyMap<string, Part>
  /** True when further clusters come from elsewhere. */
  readonly hasMoreClusters: boolean
  /** What could not be looked into, and why. */
  readonly unread: readonly { readonly at: Part; readonly what: string }[]
}

/** One HTTP connection manager. */
export interface Manager {
  readonly part: Part
  readonly filters: readonly HttpFilter[]
  readonly hosts: readonly VirtualHost[]
}

/** One filter of an HTTP filter chain, out of its wrappings. */
export interface HttpFilter {
  readonly name: string
  /** The name of its configuration's message, such as `ExtAuthz`. */
  readonly type: string
  readonly part: Part
  readonly config: Part
  /** `disabled` in the chain: a route may switch it on. */
  readonly isOff: boolean
  /** True when a matcher decides per request whether the filter is skipped. */
  readonly hasMatcher: boolean
}

export interface VirtualHost {
  readonly part: Part
  readonly domains: readonly string[]
  readonly routes: readonly ProxyRoute[]
}

/** One route of a virtual host. */
export interface ProxyRoute {
  readonly part: Part
  readonly match: Part
  readonly accepts: (sample: Sample) => Answer
  /** Passes requests on to an upstream. */
  readonly forwards: boolean
  /** Each way to an upstream, as what may set something for it: the most specific first. */
  readonly ways: readonly (readonly Part[])[]
}
