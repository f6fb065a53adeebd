import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import type { Bootstrap } from './read-bootstrap.ts'
import type { PolicyFile } from './start-gate.ts'

/** An example of `examples/`: its Envoy and its gate. `replace` puts real names in the place of those that are examples. */
export const readExample = (name: string, replace: Readonly<Record<string, string>> = {}) => {
  const read = (file: string): unknown => {
    const text = readFileSync(fileURLToPath(new URL(`../../examples/${name}/${file}`, import.meta.url)), 'utf8')
    return parse(Object.entries(replace).reduce((changed, [from, to]) => changed.replaceAll(from, to), text))
  }
  return { bootstrap: read('envoy.yaml') as Bootstrap, policy: read('bearergate.yaml') as PolicyFile }
}

/** Puts the example's policy in the place of a shipped one, with the addresses that a test listens on. */
export const takePolicy =
  (example: PolicyFile) =>
  (policy: PolicyFile): void => {
    const { listen } = policy
    for (const field of Object.keys(policy)) delete policy[field]
    Object.assign(policy, example, { listen })
  }
