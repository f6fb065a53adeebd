import type { Config } from '../config/load.ts'
import { envoyChainRules } from './envoy-chain-rules.ts'
import { envoyEdgeRules } from './envoy-edge-rules.ts'
import { envoyRequestRules } from './envoy-request-rules.ts'
import { envoyRouteRules } from './envoy-route-rules.ts'
import { type EnvoyScene, toEnvoyScene } from './envoy-scene.ts'
import { envoyServiceRules } from './envoy-service-rules.ts'
import { inputRules } from './input-rules.ts'
import { keySourceRules } from './key-source-rules.ts'
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
  ...envoyEdgeRules,
  ...envoyServiceRules,
]

/** Everything that is looked for, by code. */
export const allRules: readonly RuleHead[] = [...inputRules, ...policyRules, ...keySourceRules, ...envoyRules].toSorted(
  (a, b) => a.code.localeCompare(b.code),
)

/** All findings in a policy and in the configurations beside it, in the order of their places. `path` is the policy's. */
export const lint = (path: string, { file, policy }: Config, documents: readonly Part[]): readonly Finding[] => {
  const scene = toPolicyScene(path, file, policy)
  const inputs = sortInputs(documents)
  const envoys = inputs.envoys.map(readEnvoy)
  return [
    ...applyRules(policyRules, scene),
    ...applyRules(keySourceRules, scene),
    ...applyRules(inputRules, { inputs, envoys }),
    ...envoys.flatMap((envoy) => applyRules(envoyRules, toEnvoyScene(file, policy, envoy))),
  ]
}
