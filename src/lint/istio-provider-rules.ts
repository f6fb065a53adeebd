import { toRulePaths } from './custom-rule.ts'
import type { IstioScene, Provider } from './istio-scene.ts'
import { unknownMeshFields, unknownProviderFields } from './mesh-fields.ts'
import type { Found, Rule } from './rule.ts'
import { findBadTimeout } from './timeout.ts'

/** The gate as Istio's mesh configuration knows it. */
export const istioProviderRules: readonly Rule<IstioScene>[] = [
  {
    code: 'BG301',
    level: 'error',
    title: 'a provider that is not in the mesh configuration',
    why: 'Every request that the policy matches is answered with 403 `RBAC: access denied`, and the gate is never asked.',
    fix: 'Add it to meshConfig.extensionProviders under this name.',
    find: ({ customs, meshes }) => {
      const names = meshes.flatMap((mesh) =>
        mesh
          .get('extensionProviders')
          .items()
          .map((one) => one.get('name').text),
      )
      return customs
        .filter(({ provider }) => meshes.length > 0 && !names.includes(provider.text))
        .map(({ provider }) => ({ at: provider, what: `no extension provider ${provider.text ?? ''}` }))
    },
  },
  {
    code: 'BG302',
    level: 'error',
    title: 'a provider name that Istio does not take',
    why: 'From Istio 1.30 on such a name denies every request that the policy matches.',
    fix: 'Use lower-case letters, digits and hyphens, 63 at most, such as bearergate.',
    find: ({ customs, providers }) =>
      [...customs.map(({ provider }) => provider), ...providers.map(({ part }) => part.get('name'))]
        .filter(({ text }) => text !== undefined && !/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(text))
        .map((at) => ({ at, what: `${at.text}` })),
  },
  {
    code: 'BG303',
    level: 'error',
    title: 'an unknown field of a mesh configuration',
    why: 'istiod drops it without a word: what it was meant to do does not happen.',
    fix: 'Correct its name, or take it out.',
    find: ({ meshes, providers }) => [
      ...providers.flatMap(({ part, grpc }) => unknownProviderFields(part, grpc)).map((at) => toUnknown(at)),
      ...meshes.flatMap(unknownMeshFields).map((at) => ({ ...toUnknown(at), level: 'warning' as const })),
    ],
  },
  {
    code: 'BG304',
    level: 'warning',
    title: 'the time-out of a call to the gate',
    why: 'Below half a second the gate may not finish a fetch of a new signing key; far above, a hung gate holds every request.',
    fix: 'Set timeout to 0.5s up to 5s.',
    find: eachProvider(({ grpc }) => findBadTimeout(grpc.get('timeout'), 'Istio’s default of 600 s')),
  },
  {
    code: 'BG305',
    level: 'error',
    title: 'failOpen',
    why: 'While no gate answers in time, every request is let through, with nothing that marks it.',
    fix: 'Set failOpen: false.',
    find: eachProvider(({ grpc }) => {
      const at = grpc.get('failOpen')
      return at.isTrue ? [{ at, what: 'failOpen: true' }] : []
    }),
  },
  {
    code: 'BG306',
    level: 'warning',
    title: 'an outage looks like a denial',
    why: 'Without statusOnError clients get 403 while no gate answers, and give up.',
    fix: 'Set statusOnError: "503".',
    find: eachProvider(({ grpc }) => {
      const at = grpc.get('statusOnError')
      const isGood = /^5\d\d$/.test(at.text ?? '')
      return isGood ? [] : [{ at, what: at.text === undefined ? 'no statusOnError: 403' : `statusOnError: ${at.text}` }]
    }),
  },
  {
    code: 'BG307',
    level: 'warning',
    title: 'clearRouteCache has no effect',
    why: 'Istio 1.31 takes the field and does not write it to Envoy (istio/istio#61558); later it would choose routes anew.',
    fix: 'Leave it out.',
    find: eachProvider(({ grpc }) => {
      const at = grpc.get('clearRouteCache')
      return at.isTrue ? [{ at, what: 'clearRouteCache: true' }] : []
    }),
  },
  {
    code: 'BG308',
    level: 'warning',
    title: 'the gate is sent request bodies',
    why: 'Bodies are held back until the gate has answered; large ones are refused with 413, and streams break.',
    fix: 'Leave includeRequestBodyInCheck out: the gate reads no body.',
    find: eachProvider(({ grpc }) => {
      const at = grpc.get('includeRequestBodyInCheck')
      return at.isThere ? [{ at, what: 'includeRequestBodyInCheck' }] : []
    }),
  },
  {
    code: 'BG309',
    level: 'error',
    title: 'a service name that Istio does not resolve',
    why: 'The provider has no cluster: every request that the policy matches is answered with 403.',
    fix: 'Write the full name, name.namespace.svc.cluster.local; for 127.0.0.1 add a ServiceEntry and write its host.',
    find: eachProvider(({ grpc, service }) => {
      const host = service?.host ?? ''
      const isLoopback = /^(?:127\.|localhost$|\[?::1)/.test(host)
      return host.includes('.') && !isLoopback ? [] : [{ at: grpc.get('service'), what: host || 'no service' }]
    }),
  },
  {
    code: 'BG310',
    level: 'warning',
    title: 'paths are exempt, and not normalised enough',
    why: 'With anything less, /public/..%2fadmin is a path below /public to Istio, and another to many services.',
    fix: 'Set meshConfig.pathNormalization: {normalization: DECODE_AND_MERGE_SLASHES}, or name no paths in the CUSTOM policy.',
    find: ({ meshes, customs }) =>
      // A policy that takes every request does not depend on how Istio reads paths.
      (customs.some(({ rules }) => rules.items().flatMap(toRulePaths).length > 0) ? meshes : [])
        .map((mesh) => mesh.get('pathNormalization', 'normalization'))
        .filter(({ text }) => text !== DECODE)
        .map((at) => ({ at, what: `normalization: ${at.text ?? 'not set, which is BASE'}` })),
  },
]

/** The one normalisation with which Istio and most services read paths alike. */
export const DECODE = 'DECODE_AND_MERGE_SLASHES'

const toUnknown = (at: Found['at'] & { readonly name: string }): Found => ({ at, what: `unknown field ${at.name}` })

function eachProvider(find: (provider: Provider) => readonly Found[]) {
  return ({ providers }: IstioScene): readonly Found[] => providers.flatMap(find)
}
