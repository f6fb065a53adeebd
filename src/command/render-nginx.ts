import type { Config } from '../config/load.ts'
import type { Address } from '../render/address.ts'
import { renderNginx } from '../render/render-nginx.ts'
import type { Rendered } from '../render/rendered.ts'
import type { Upstream } from '../render/upstream.ts'
import { toLocal } from './render-envoy.ts'

/** The options of `bearergate render nginx`. */
export interface RenderNginxFlags {
  readonly config: string
  readonly upstream?: readonly Upstream[]
  readonly gate?: readonly Address[]
  readonly listen: Address
}

/** nginx's server blocks for a configuration; `command` is how it was asked for. */
export const toNginx = (config: Config, { upstream, gate, listen }: RenderNginxFlags, command: string): Rendered => {
  const { http } = config.file.listen
  return renderNginx(config, {
    introduction: toIntroduction(command),
    listen,
    gates: gate ?? (http === undefined ? [] : toLocal(http, config.file.workers)),
    upstreams: upstream ?? [],
  })
}

const toIntroduction = (
  command: string,
): string => `nginx with bearergate as its gate, for /etc/nginx/conf.d. Written by

  ${command}

What is open is said in the policy of the gate: change it there, and write this file anew. In earnest it needs TLS, and
the service must be reachable through nginx only.`
