import type { Config } from '../config/load.ts'
import { toClusterObject } from './cluster-object.ts'
import { envoyChainRules } from './envoy-chain-rules.ts'
import { envoyEdgeRules } from './envoy-edge-rules.ts'
import { envoyReachRules } from './envoy-reach-rules.ts'
import { envoyRequestRules } from './envoy-request-rules.ts'
import { envoyRouteRules } from './envoy-route-rules.ts'
import { type EnvoyScene, toEnvoyScene } from './envoy-scene.ts'
import { envoyServiceRules } from './envoy-service-rules.ts'
import { gatewayRules } from './gateway-rules.ts'
import { toGatewayScene } from './gateway-scene.ts'
import { inputRules } from './input-rules.ts'
import { istioCustomRules } from './istio-custom-rules.ts'
import { istioProviderRules } from './istio-provider-rules.ts'
import { istioReachRules } from './istio-reach-rules.ts'
import { type IstioScene, toIstioScene } from './istio-scene.ts'
import { keySourceRules } from './key-source-rules.ts'
import { kubernetesRules } from './kubernetes-rules.ts'
import type { Part } from './part.ts'
import { policyRules } from './policy-rules.ts'
import { toPolicyScene } from './policy-scene.ts'
import { readEnvoy } from './read-envoy.ts'
import { applyRules, type Finding, type Rule, type RuleHead } from './rule.ts'
import { sortInputs } from './sort-inputs.ts'

const envoyRules: readonly Rule<EnvoyScene>[] = [
  ...envoyChainRules,
  ...envoyRequestRules,
  ...envoyRouteRules,
  ...envoyReachRules,
  ...envoyEdgeRules,
  ...envoyServiceRules,
]

const istioRules: readonly Rule<IstioScene>[] = [
  ...istioProviderRules,
  ...istioCustomRules,
  ...istioReachRules,
  ...kubernetesRules,
]

/** Everything that is looked for, by code. */
export const allRules: readonly RuleHead[] = [
  ...[...inputRules, ...policyRules, ...keySourceRules],
  ...[...envoyRules, ...istioRules, ...gatewayRules],
].toSorted((a, b) => a.code.localeCompare(b.code))

/** All findings in a policy and in the configurations beside it, in the order of their places. `path` is the policy's. */
export const lint = (path: string, { file, policy }: Config, documents: readonly Part[]): readonly Finding[] => {
  const scene = toPolicyScene(path, file, policy)
  const inputs = sortInputs(documents)
  const envoys = inputs.envoys.map(readEnvoy)
  const objects = inputs.objects.map(toClusterObject)
  return [
    ...applyRules(policyRules, scene),
    ...applyRules(keySourceRules, scene),
    ...applyRules(inputRules, { inputs, envoys }),
    ...envoys.flatMap((envoy) => applyRules(envoyRules, toEnvoyScene(file, policy, envoy))),
    ...applyRules(istioRules, toIstioScene(file, policy, objects, inputs.meshes)),
    ...applyRules(gatewayRules, toGatewayScene(file, policy, objects)),
  ]
}
