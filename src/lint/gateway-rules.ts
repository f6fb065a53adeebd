import { type GatewayScene, type RouteOpening, toRouteName } from './gateway-scene.ts'
import { matchRegex } from './match-string.ts'
import type { Part } from './part.ts'
import type { Found, Rule } from './rule.ts'
import { isClear, toDemand, toSampleText } from './sample.ts'
import { findUnseen } from './seen-headers.ts'
import { findBadTimeout } from './timeout.ts'

/** SecurityPolicies with extAuth, and what Envoy Gateway makes of requests before them. */
export const gatewayRules: readonly Rule<GatewayScene>[] = [
  {
    code: 'BG401',
    level: 'error',
    title: 'failOpen',
    why: 'While no gate answers in time, and while the policy itself is invalid, every request is let through.',
    fix: 'Set failOpen: false.',
    find: eachExtAuth((extAuth) => whereTrue(extAuth.get('failOpen'), 'failOpen: true')),
  },
  {
    code: 'BG402',
    level: 'warning',
    title: 'the time-out of a call to the gate',
    why: 'Below half a second the gate may not finish a fetch of a new signing key; far above, a hung gate holds every request.',
    fix: 'Set timeout to 500ms up to 5s.',
    find: eachExtAuth((extAuth) => findBadTimeout(extAuth.get('timeout'), 'Envoy Gateway’s default of 10 s')),
  },
  {
    code: 'BG403',
    level: 'warning',
    title: 'an outage looks like a denial',
    why: 'Without statusOnError clients get 403 while no gate answers, and give up.',
    fix: 'Set statusOnError: 503.',
    find: eachExtAuth((extAuth) => {
      const at = extAuth.get('statusOnError')
      const isGood = /^5\d\d$/.test(at.text ?? '')
      return isGood ? [] : [{ at, what: at.text === undefined ? 'no statusOnError: 403' : `statusOnError: ${at.text}` }]
    }),
  },
  {
    code: 'BG404',
    level: 'error',
    title: 'the gate does not see a header that the policy reads',
    why: 'With headersToExtAuth it is sent these headers and no other.',
    fix: 'Add it to headersToExtAuth, or leave the list out.',
    find: eachExtAuth((extAuth, { policy, objects }) => {
      const at = extAuth.get('headersToExtAuth')
      if (!at.isThere) return []
      const shown = new Set(at.items().map(({ text }) => text?.toLowerCase()))
      const early = objects
        .filter(({ kind }) => kind === 'ClientTrafficPolicy')
        .map(({ spec }) => spec.get('headers', 'earlyRequestHeaders'))
      const unseen = findUnseen(
        policy,
        (name) => shown.has(name),
        (name) => early.some((headers) => removes(headers, name)),
      )
      return unseen.map(({ level, what }) => ({ at, level, what }))
    }),
  },
  {
    code: 'BG405',
    level: 'warning',
    title: 'the gate is sent request bodies',
    why: 'Bodies are held back until the gate has answered, and those above maxRequestBytes are refused with 413.',
    fix: 'Leave bodyToExtAuth out: the gate reads no body.',
    find: eachExtAuth((extAuth) => {
      const at = extAuth.get('bodyToExtAuth')
      return at.isThere ? [{ at, what: 'bodyToExtAuth' }] : []
    }),
  },
  {
    code: 'BG406',
    level: 'warning',
    title: 'the route is chosen again after the gate has answered',
    why: 'Headers that the gate sets can lead to a route that was never judged, without a SecurityPolicy of its own.',
    fix: 'Leave recomputeRoute out.',
    find: eachExtAuth((extAuth) => whereTrue(extAuth.get('recomputeRoute'), 'recomputeRoute: true')),
  },
  {
    code: 'BG407',
    level: 'error',
    title: 'a context extension names a route that the policy does not have',
    why: 'The gate denies every request that comes with an unknown route name.',
    fix: 'Give a route of the policy this name, or correct the context extension `route`.',
    find: eachExtAuth((extAuth, { policy }) => {
      const at = toRouteName(extAuth)
      return at?.text !== undefined && !policy.routes.byName.has(at.text) ? [{ at, what: `route: ${at.text}` }] : []
    }),
  },
  {
    code: 'BG408',
    level: 'note',
    title: 'the gate is asked over HTTP',
    why: 'What is sent and taken over is then set header by header; this program does not check it.',
    fix: 'Use extAuth.grpc.',
    find: eachExtAuth((extAuth) => {
      const at = extAuth.get('http')
      return at.isThere ? [{ at, what: 'extAuth.http' }] : []
    }),
  },
  {
    code: 'BG409',
    level: 'warning',
    title: 'another authentication beside the gate',
    why: 'Both are asked, and both must agree: an API key is no JWT, and is refused there.',
    fix: 'Leave jwt, basicAuth, apiKeyAuth and oidc out where the gate judges.',
    find: ({ extAuths, objects }) =>
      objects
        .filter(({ kind, spec }) => kind === 'SecurityPolicy' && extAuths.length > 0 && spec.get('extAuth').isThere)
        .flatMap(({ spec }) => ['jwt', 'basicAuth', 'apiKeyAuth', 'oidc'].map((name) => spec.get(name)))
        .filter(({ isThere }) => isThere)
        .map((at) => ({ at, what: at.place().path })),
  },
  {
    code: 'BG410',
    level: 'error',
    title: 'a request passes unasked that the policy does not call public',
    why: 'No SecurityPolicy with extAuth is for this rule (one of a route takes the place of the gateway’s), or it names a public route.',
    fix: 'Target the Gateway with the SecurityPolicy, or make exactly these paths public in the gate’s policy.',
    find: ({ openings, policy }) =>
      openings.flatMap(({ rule, strays }) => {
        const [first, ...others] = strays.filter(isClear)
        const more = others.length > 0 ? `, and ${others.length} more of the requests tried` : ''
        return first ? [{ at: rule, what: `${toSampleText(first)} passes; ${toDemand(policy, first)}${more}` }] : []
      }),
  },
  {
    code: 'BG411',
    level: 'warning',
    title: 'a whole subtree is exempt',
    why: 'A prefix takes spellings that another program reads as another path; the gate would refuse each of them.',
    fix: 'Exempt exact paths alone, or let the gate be asked: the policy says what is public.',
    find: ({ openings, policy }) =>
      openings.flatMap(({ rule, strays }) => {
        const [first] = strays.filter((sample) => !isClear(sample))
        return first ? [{ at: rule, what: `${toSampleText(first)} passes; ${toDemand(policy, first)}` }] : []
      }),
  },
  {
    code: 'BG412',
    level: 'error',
    title: 'identity headers pass where the gate is not asked',
    why: 'The gate removes a client’s own identity headers; where it is not asked, the upstream believes them.',
    fix: 'Remove them with headers.earlyRequestHeaders in a ClientTrafficPolicy, or with a RequestHeaderModifier in the rule.',
    find: ({ openings, policy, objects }) =>
      openings.flatMap((opening) => {
        const removals = toRemovals(opening, objects)
        const kept = [...policy.identity.keys()].filter((name) => !removals.some((headers) => removes(headers, name)))
        return kept.length > 0 ? [{ at: opening.rule, what: `a client’s ${kept.join(', ')} gets through` }] : []
      }),
  },
  {
    code: 'BG420',
    level: 'error',
    title: 'escaped slashes are kept',
    why: 'Envoy routes /public/..%2fadmin as a path below /public; many services unescape it (CVE-2021-29492).',
    fix: 'Set path.escapedSlashesAction: RejectRequest.',
    find: eachClientPolicy((spec) => {
      const at = spec.get('path', 'escapedSlashesAction')
      return at.text === 'KeepUnchanged' ? [{ at, what: 'escapedSlashesAction: KeepUnchanged' }] : []
    }),
  },
  {
    code: 'BG421',
    level: 'warning',
    title: 'slashes are not merged',
    why: 'Envoy takes //api for another path than /api; many services do not.',
    fix: 'Leave path.disableMergeSlashes out.',
    find: eachClientPolicy((spec) => whereTrue(spec.get('path', 'disableMergeSlashes'), 'disableMergeSlashes: true')),
  },
  {
    code: 'BG422',
    level: 'warning',
    title: 'header names with underscores are let through',
    why: 'x_auth_request_user becomes X-Auth-Request-User in WSGI, CGI and PHP (CVE-2025-64484).',
    fix: 'Leave headers.withUnderscoresAction out: by default such requests are refused.',
    find: eachClientPolicy((spec) => {
      const at = spec.get('headers', 'withUnderscoresAction')
      return at.text === 'Allow' ? [{ at, what: 'withUnderscoresAction: Allow' }] : []
    }),
  },
]

const whereTrue = (at: Part, what: string): readonly Found[] => (at.isTrue ? [{ at, what }] : [])

function eachExtAuth(find: (extAuth: Part, scene: GatewayScene) => readonly Found[]) {
  return (scene: GatewayScene): readonly Found[] => scene.extAuths.flatMap((extAuth) => find(extAuth, scene))
}

function eachClientPolicy(find: (spec: Part) => readonly Found[]) {
  return ({ objects, extAuths }: GatewayScene): readonly Found[] =>
    extAuths.length === 0
      ? []
      : objects.filter(({ kind }) => kind === 'ClientTrafficPolicy').flatMap(({ spec }) => find(spec))
}

/** What takes headers out of a request on its way through a rule. */
const toRemovals = ({ rule }: RouteOpening, objects: GatewayScene['objects']): readonly Part[] => [
  ...objects
    .filter(({ kind }) => kind === 'ClientTrafficPolicy')
    .map(({ spec }) => spec.get('headers', 'earlyRequestHeaders')),
  ...rule
    .get('filters')
    .items()
    .map((filter) => filter.get('requestHeaderModifier')),
]

const removes = (headers: Part, name: string): boolean =>
  headers
    .get('remove')
    .items()
    .some(({ text }) => text?.toLowerCase() === name) ||
  headers
    .get('removeOnMatch')
    .items()
    .some((matcher) => matchStringMatch(matcher, name))

/** Envoy Gateway's StringMatch: a type, which is Exact if left out, and a value. */
const matchStringMatch = (matcher: Part, name: string): boolean => {
  const value = matcher.get('value').text?.toLowerCase() ?? ''
  switch (matcher.get('type').text ?? 'Exact') {
    case 'Prefix':
      return name.startsWith(value)
    case 'Suffix':
      return name.endsWith(value)
    case 'RegularExpression':
      return matchRegex(value, name)
    default:
      return name === value
  }
}
