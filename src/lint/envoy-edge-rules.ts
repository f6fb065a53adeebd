import type { EnvoyScene } from './envoy-scene.ts'
import type { Manager } from './envoy-view.ts'
import { type Gate, isGate } from './gates.ts'
import type { Found, Rule } from './rule.ts'

/** How Envoy reads a request before it routes it, and who reaches Envoy itself. */
export const envoyEdgeRules: readonly Rule<EnvoyScene>[] = [
  {
    code: 'BG240',
    level: 'warning',
    title: 'paths are not normalised',
    why: 'Envoy routes /public/../admin as a path below /public; where ext_authz is off there, it passes unasked (CVE-2019-9901).',
    fix: 'Set normalize_path: true.',
    find: (scene) => findUnsafe(scene, 'normalize_path', /^true$/),
  },
  {
    code: 'BG241',
    level: 'warning',
    title: 'slashes are not merged',
    why: 'Envoy takes //api for another path than /api; many services do not.',
    fix: 'Set merge_slashes: true.',
    find: (scene) => findUnsafe(scene, 'merge_slashes', /^true$/),
  },
  {
    code: 'BG242',
    level: 'warning',
    title: 'escaped slashes are kept',
    why: 'Envoy routes /public/..%2fadmin as a path below /public; many services unescape it (CVE-2021-29492).',
    fix: 'Set path_with_escaped_slashes_action: REJECT_REQUEST.',
    find: (scene) => findUnsafe(scene, 'path_with_escaped_slashes_action', SAFE_ACTIONS),
  },
  {
    code: 'BG243',
    level: 'warning',
    title: 'header names with underscores are let through',
    why: 'x_auth_request_user becomes X-Auth-Request-User in WSGI, CGI and PHP (CVE-2025-64484).',
    fix: 'Set common_http_protocol_options: {headers_with_underscores_action: REJECT_REQUEST}.',
    find: ({ envoy, gates }) =>
      toGated(envoy.managers).flatMap((manager) => {
        if (isIstio(gates, manager)) return []
        const at = manager.part.get('common_http_protocol_options', 'headers_with_underscores_action')
        const isKept = !/^(?:REJECT_REQUEST|DROP_HEADER|[12])$/.test(at.text ?? '')
        return isKept ? [{ at, what: 'headers_with_underscores_action: ALLOW' }] : []
      }),
  },
  {
    code: 'BG244',
    level: 'warning',
    title: 'x-envoy-* and x-forwarded-* of any client are believed',
    why: 'Without use_remote_address clients steer time-outs and retries, and choose the scheme and address that are logged.',
    fix: 'Set use_remote_address: true, and xff_num_trusted_hops where a proxy of yours stands before this one.',
    find: ({ envoy, gates }) =>
      toGated(envoy.managers).flatMap((manager) => {
        if (isIstio(gates, manager)) return []
        const at = manager.part.get('use_remote_address')
        return at.isTrue ? [] : [{ at, what: 'use_remote_address is not set' }]
      }),
  },
  {
    code: 'BG245',
    level: 'error',
    title: 'Envoy’s admin can be reached from elsewhere',
    why: 'It shows the configuration, stops Envoy, and asks nobody for a credential.',
    fix: 'Let it listen on 127.0.0.1 or on a unix socket.',
    find: ({ envoy }) => {
      const at = envoy.admin.get('address', 'socket_address', 'address')
      const isLocal = at.text === undefined || /^(?:127\.|::1$|localhost$)/.test(at.text)
      return isLocal ? [] : [{ at, what: `admin on ${at.text}` }]
    },
  },
]

/** By name, or by number as protobuf's JSON allows. */
const SAFE_ACTIONS = /^(?:REJECT_REQUEST|UNESCAPE_AND_REDIRECT|UNESCAPE_AND_FORWARD|[234])$/

const toGated = (managers: readonly Manager[]): readonly Manager[] =>
  managers.filter(({ filters }) => filters.some(isGate))

/** Istio has no setting for these two. */
const isIstio = (gates: readonly Gate[], manager: Manager): boolean =>
  gates.some((gate) => gate.manager === manager && gate.writer === 'istio')

/** A connection manager that asks the gate and reads paths as they come: a hole where paths are exempt, else a trap. */
const findUnsafe = ({ envoy, openings }: EnvoyScene, field: string, safe: RegExp): readonly Found[] =>
  toGated(envoy.managers).flatMap((manager) => {
    const at = manager.part.get(field)
    if (safe.test(at.text ?? '')) return []
    const isOpen = openings.some((opening) => opening.manager === manager)
    return [{ at, what: `${field}: ${at.text ?? 'not set'}`, ...(isOpen && { level: 'error' as const }) }]
  })
