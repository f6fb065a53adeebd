import type { ClusterObject } from './cluster-object.ts'
import { type Custom, type IstioScene, type Provider, toTarget } from './istio-scene.ts'
import type { Found, Rule } from './rule.ts'

/** Whether a proxy of the mesh reaches the gate, and how. */
export const istioReachRules: readonly Rule<IstioScene>[] = [
  {
    code: 'BG330',
    level: 'error',
    title: 'a Sidecar that hides the gate',
    why: 'The filter is there and its cluster is not: every request ends with statusOnError.',
    fix: 'Add the namespace of the gate to egress.hosts, such as bearergate/*.',
    find: ({ objects, providers, customs }) =>
      objects
        .filter(({ kind, group }) => kind === 'Sidecar' && group === 'networking.istio.io')
        .flatMap((sidecar) => {
          const egress = sidecar.spec.get('egress')
          const hosts = egress.items().flatMap((one) =>
            one
              .get('hosts')
              .items()
              .flatMap(({ text }) => text ?? []),
          )
          const near = customs.filter((custom) => isNear(custom, sidecar))
          const used = providers.filter(({ name }) => near.some(({ provider }) => provider.text === name))
          const hidden = used.filter(
            ({ service }) => service?.namespace && !seesNamespace(hosts, sidecar, service.namespace),
          )
          return hosts.length > 0
            ? hidden.map(({ name }) => ({ at: egress, what: `${name} is not among its hosts` }))
            : []
        }),
  },
  {
    code: 'BG331',
    level: 'warning',
    title: 'TLS to the gate without a name',
    why: 'Without subjectAltNames any certificate of that CA may be taken for the gate’s.',
    fix: 'Set tls.subjectAltNames in the DestinationRule.',
    find: eachDestination((rule) => {
      const at = rule.spec.get('trafficPolicy', 'tls')
      const isNative = /^(?:SIMPLE|MUTUAL)$/.test(at.get('mode').text ?? '')
      return isNative && at.get('subjectAltNames').items().length === 0
        ? [{ at, what: `mode: ${at.get('mode').text}` }]
        : []
    }),
  },
  {
    code: 'BG332',
    level: 'warning',
    title: 'outlier detection may put all gates out',
    why: 'A moment of trouble then takes every gate out for half a minute; with one gate alone, that is all of them.',
    fix: 'Set maxEjectionPercent: 50.',
    find: eachDestination((rule) => {
      const at = rule.spec.get('trafficPolicy', 'outlierDetection', 'maxEjectionPercent')
      return (at.number ?? 10) > 90 ? [{ at, what: `maxEjectionPercent: ${at.text}` }] : []
    }),
  },
  {
    code: 'BG333',
    level: 'note',
    title: 'an EnvoyFilter patches ext_authz',
    why: 'What Envoy gets in the end is not in this file.',
    fix: 'Check the config dump of the proxy instead: curl 127.0.0.1:15000/config_dump?include_eds.',
    find: ({ objects }) =>
      objects
        .filter(({ kind }) => kind === 'EnvoyFilter')
        .flatMap(({ spec }) => spec.get('configPatches').items())
        .filter((patch) => patch.get('patch', 'value', 'name').text?.includes('ext_authz'))
        .map((at) => ({ at, what: `${at.get('patch', 'operation').text ?? 'a patch'} of ext_authz` })),
  },
]

/** True when a CUSTOM policy may be for the workloads of a Sidecar: in its namespace, or in the root namespace for all. */
const isNear = ({ namespace, spec }: Custom, sidecar: ClusterObject): boolean =>
  namespace === sidecar.namespace || (namespace === 'istio-system' && toTarget(spec).labels.length === 0)

/** Hosts of a Sidecar are `namespace/name`; `.` is its own namespace, `*` is any. */
const seesNamespace = (hosts: readonly string[], sidecar: ClusterObject, namespace: string): boolean =>
  hosts.some((host) => {
    const [scope = ''] = host.split('/')
    return scope === '*' || scope === namespace || (scope === '.' && sidecar.namespace === namespace)
  })

/** Each DestinationRule of a provider. */
function eachDestination(find: (rule: ClusterObject) => readonly Found[]) {
  return ({ objects, providers }: IstioScene): readonly Found[] =>
    objects.filter((object) => providers.some((provider) => isFor(object, provider))).flatMap(find)
}

const isFor = ({ kind, spec }: ClusterObject, { service }: Provider): boolean =>
  kind === 'DestinationRule' && service !== undefined && spec.get('host').text === service.host
