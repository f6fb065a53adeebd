import { toKnownHeader } from './custom-rule.ts'
import { DECODE } from './istio-provider-rules.ts'
import { type Custom, type IstioScene, toTarget } from './istio-scene.ts'
import type { Part } from './part.ts'
import type { Found, Rule } from './rule.ts'
import { isClear, toDemand, toSampleText } from './sample.ts'

/** AuthorizationPolicies with action CUSTOM: what they bring to the gate, and what they leave out. */
export const istioCustomRules: readonly Rule<IstioScene>[] = [
  {
    code: 'BG320',
    level: 'error',
    title: 'two CUSTOM providers on one workload',
    why: 'Unless PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS is set, every request that either matches gets 403.',
    fix: 'Use one provider for each workload.',
    find: ({ customs, meshes }) =>
      customs.flatMap((custom, index) => {
        const other = customs
          .slice(0, index)
          .find((one) => one.provider.text !== custom.provider.text && meet(one, custom, meshes))
        return other
          ? [{ at: custom.provider, what: `${custom.provider.text} beside ${other.provider.text} of ${other.name}` }]
          : []
      }),
  },
  {
    code: 'BG321',
    level: 'error',
    title: 'a CUSTOM policy without rules',
    why: 'It matches no request: the gate is never asked, and everything is let through.',
    fix: 'Write rules: [{}], which is every request.',
    find: eachCustom(({ rules }) => (rules.items().length === 0 ? [{ at: rules, what: 'no rules' }] : [])),
  },
  {
    code: 'BG322',
    level: 'error',
    title: 'the gate is asked about some hosts alone',
    why: 'Host: app.example.com:80, app.example.com. and any other name are other hosts to Istio, and pass unasked.',
    fix: 'Take hosts out (rules: [{}]); which host needs what is the gate’s policy.',
    find: eachOperation((operation, { objects }, custom) => {
      const at = operation.get('hosts')
      // An ALLOW policy with the same hosts refuses all other names.
      const isPaired = objects.some(
        ({ kind, spec, namespace }) =>
          kind === 'AuthorizationPolicy' &&
          namespace === custom.namespace &&
          [undefined, 'ALLOW'].includes(spec.get('action').text) &&
          spec
            .get('rules')
            .items()
            .some((rule) =>
              rule
                .get('to')
                .items()
                .some((to) => to.get('operation', 'hosts').isThere),
            ),
      )
      return at.isThere ? [{ at, what: `hosts: ${toList(at)}`, ...(isPaired && { level: 'warning' as const }) }] : []
    }),
  },
  {
    code: 'BG323',
    level: 'warning',
    title: 'hosts are exempt by their name',
    why: 'The name is the client’s to choose: where routing does not look at it, the API answers under the exempt name.',
    fix: 'Take notHosts out, and make the host public in the policy.',
    find: eachOperation((operation) => {
      const at = operation.get('notHosts')
      return at.isThere ? [{ at, what: `notHosts: ${toList(at)}` }] : []
    }),
  },
  {
    code: 'BG324',
    level: 'error',
    title: 'a whole subtree is exempt',
    why: 'Without DECODE_AND_MERGE_SLASHES, /public/..%2fadmin passes unasked; with it, spellings that the gate would refuse.',
    fix: 'List exact paths in notPaths, or none: the policy says what is public.',
    find: eachOperation((operation, { meshes }) => {
      const isDecoded = meshes.some((mesh) => mesh.get('pathNormalization', 'normalization').text === DECODE)
      return operation
        .get('notPaths')
        .items()
        .filter(({ text }) => text !== undefined && /[*{]/.test(text))
        .map((at) => ({ at, what: `notPaths: ${at.text}`, ...(isDecoded && { level: 'warning' as const }) }))
    }),
  },
  {
    code: 'BG325',
    level: 'error',
    title: 'a request passes unasked that the policy does not call public',
    why: 'No rule of the CUSTOM policy takes it, so it is passed on without a credential.',
    fix: 'Let the policy take every request (rules: [{}]), or make exactly these paths public in the gate’s policy.',
    find: ({ gaps, policy }) =>
      gaps.flatMap(({ customs, strays }) => {
        const [first, ...others] = strays.filter(isClear)
        const at = customs[0]?.rules
        if (!first || !at) return []
        const more = others.length > 0 ? `, and ${others.length} more of the requests tried` : ''
        return [{ at, what: `${toSampleText(first)} passes; ${toDemand(policy, first)}${more}` }]
      }),
  },
  {
    code: 'BG326',
    level: 'error',
    title: 'a condition that CUSTOM does not take',
    why: 'Identities are checked after the gate; Istio refuses the policy, or denies all that it matches.',
    fix: 'Leave it out: who calls is for the gate, or for an ALLOW or DENY policy beside this one.',
    find: eachRule((rule) => [
      ...rule
        .get('from')
        .items()
        .flatMap((from) => from.get('source').entries())
        .filter(([name]) => !/^(?:not)?(?:ip|remoteIp)Blocks$/i.test(name))
        .map(([name, at]) => ({ at, what: `source.${name}` })),
      ...rule
        .get('when')
        .items()
        .map((when) => when.get('key'))
        .filter(({ text = '' }) =>
          /^(?:source\.(?:namespace|serviceAccount|trustDomain|principal)|request\.auth\.)/.test(text),
        )
        .map((at) => ({ at, what: `when ${at.text}` })),
    ]),
  },
  {
    code: 'BG327',
    level: 'warning',
    title: 'the gate is asked about some callers alone',
    why: 'Everybody else passes unasked; request headers, and x-forwarded-for, are the client’s to choose.',
    fix: 'Take from and when out of the CUSTOM policy.',
    find: eachRule((rule) =>
      [
        rule.get('from'),
        ...rule
          .get('when')
          .items()
          .filter((when) => toKnownHeader(when) === undefined),
      ]
        .filter(({ isThere }) => isThere)
        .map((at) => ({ at, what: at.get('key').text ?? 'from' })),
    ),
  },
  {
    code: 'BG328',
    level: 'error',
    title: 'a dry run of CUSTOM',
    why: 'Istio refuses the policy: nothing is checked.',
    fix: 'Take the annotation istio.io/dry-run out.',
    find: eachCustom(({ part }) => {
      const [at] = part
        .get('metadata', 'annotations')
        .entries()
        .flatMap(([name, value]) => (name === 'istio.io/dry-run' ? [value] : []))
      return at ? [{ at, what: 'istio.io/dry-run' }] : []
    }),
  },
  {
    code: 'BG329',
    level: 'warning',
    title: 'identity headers pass where the gate is not asked',
    why: 'The gate removes a client’s own identity headers; where it is not asked, the upstream believes them.',
    fix: 'Ask about every request, or remove them with headers.request.remove in each http route of the VirtualServices.',
    find: ({ gaps, policy, objects }) => {
      const removals = objects
        .filter(({ kind }) => kind === 'VirtualService')
        .flatMap(({ spec }) => spec.get('http').items())
        .map((http) =>
          http
            .get('headers', 'request', 'remove')
            .items()
            .map(({ text }) => text?.toLowerCase()),
        )
      const isRemoved = (name: string): boolean =>
        removals.length > 0 && removals.every((names) => names.includes(name))
      const kept = [...policy.identity.keys()].filter((name) => !isRemoved(name))
      return gaps.flatMap(({ customs }) => {
        const at = customs[0]?.rules
        return at && kept.length > 0 ? [{ at, what: `nothing here removes a client’s ${kept.join(', ')}` }] : []
      })
    },
  },
]

function eachCustom(find: (custom: Custom, scene: IstioScene) => readonly Found[]) {
  return (scene: IstioScene): readonly Found[] => scene.customs.flatMap((custom) => find(custom, scene))
}

function eachRule(find: (rule: Part, scene: IstioScene, custom: Custom) => readonly Found[]) {
  return eachCustom((custom, scene) => custom.rules.items().flatMap((rule) => find(rule, scene, custom)))
}

function eachOperation(find: (operation: Part, scene: IstioScene, custom: Custom) => readonly Found[]) {
  return eachRule((rule, scene, custom) =>
    rule
      .get('to')
      .items()
      .flatMap((to) => find(to.get('operation'), scene, custom)),
  )
}

/** True when two policies may be for one workload. A policy in the root namespace is for all namespaces. */
const meet = (one: Custom, other: Custom, meshes: readonly Part[]): boolean => {
  const roots = ['istio-system', ...meshes.flatMap((mesh) => mesh.get('rootNamespace').text ?? [])]
  const isNear = one.namespace === other.namespace || roots.includes(one.namespace) || roots.includes(other.namespace)
  const [first, second] = [toTarget(one.spec), toTarget(other.spec)]
  if (first.refs.length + second.refs.length > 0) return isNear && first.refs.some((ref) => second.refs.includes(ref))
  const labels = new Map(first.labels)
  return isNear && second.labels.every(([name, value]) => (labels.get(name) ?? value) === value)
}

const toList = (part: Part): string =>
  part
    .items()
    .map(({ text }) => text)
    .join(', ')
