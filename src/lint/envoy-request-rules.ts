import { type EnvoyScene, eachGate } from './envoy-scene.ts'
import type { Gate } from './gates.ts'
import { matchString } from './match-string.ts'
import type { Part } from './part.ts'
import { removesEarly } from './removed-headers.ts'
import type { Rule } from './rule.ts'
import { findUnseen } from './seen-headers.ts'

/** What the gate gets to see of a request, and what becomes of its answer. */
export const envoyRequestRules: readonly Rule<EnvoyScene>[] = [
  {
    code: 'BG220',
    level: 'error',
    title: 'the gate does not see a header that the policy reads',
    why: 'allowed_headers and disallowed_headers take it out of the Check request.',
    fix: 'Add it to allowed_headers.patterns (take it out of disallowed_headers).',
    find: eachGate(({ config, manager }, { policy }) => {
      const allowed = config.get('allowed_headers')
      const at = allowed.isThere ? allowed : config.get('disallowed_headers')
      const unseen = findUnseen(policy, toShown(config), (name) => removesEarly(manager, name))
      return unseen.map(({ level, what }) => ({ at, level, what }))
    }),
  },
  {
    code: 'BG221',
    level: 'warning',
    title: 'the gate is sent request bodies',
    why: 'Bodies are held back until the gate has answered; large ones are refused with 413, and streams break.',
    fix: 'Leave with_request_body out: the gate reads no body.',
    find: eachGate(({ config }) => {
      const at = config.get('with_request_body')
      return at.isThere ? [{ at, what: 'with_request_body' }] : []
    }),
  },
  {
    code: 'BG222',
    level: 'note',
    title: 'the gate is sent cookies',
    why: 'It reads none, and what is not sent cannot leak.',
    fix: 'List what the gate reads in allowed_headers, as envoy/ does, or set disallowed_headers: {patterns: [{exact: cookie}]}.',
    find: eachGate(({ config, writer }, { policy }) =>
      writer === 'user' && !policy.reads.has('cookie') && toShown(config)('cookie')
        ? [{ at: config.get('allowed_headers'), what: 'cookie' }]
        : [],
    ),
  },
  {
    code: 'BG223',
    level: 'note',
    title: 'header lines are joined before the gate sees them',
    why: 'Several lines of one header arrive as one with commas, and bytes that are not UTF-8 as `!`.',
    fix: 'Set encode_raw_headers: true.',
    find: eachGate((gate) => (isUnset(gate, 'encode_raw_headers') ? [toUnset(gate, 'encode_raw_headers')] : [])),
  },
  {
    code: 'BG224',
    level: 'warning',
    title: 'header changes are not validated',
    why: 'Without validate_mutations Envoy writes a bad header of any answer to HTTP/1 clients as it is.',
    fix: 'Set validate_mutations: true.',
    find: eachGate((gate) => (isUnset(gate, 'validate_mutations') ? [toUnset(gate, 'validate_mutations')] : [])),
  },
  {
    code: 'BG225',
    level: 'note',
    title: 'the gate is sent client certificates',
    why: 'It reads none; each call gets some kilobytes larger.',
    fix: 'Leave include_peer_certificate out.',
    find: eachGate(({ config }) => {
      const at = config.get('include_peer_certificate')
      return at.isTrue ? [{ at, what: 'include_peer_certificate: true' }] : []
    }),
  },
]

/** Whether the gate sees a header: what `allowed_headers` takes, without what `disallowed_headers` takes. */
const toShown = (config: Part): ((name: string) => boolean) => {
  const allowed = config.get('allowed_headers', 'patterns').items()
  const disallowed = config.get('disallowed_headers', 'patterns').items()
  return (name) =>
    (allowed.length === 0 || allowed.some((matcher) => matchString(matcher, name))) &&
    !disallowed.some((matcher) => matchString(matcher, name))
}

/** Neither Istio nor Envoy Gateway can set these. */
const isUnset = ({ config, writer }: Gate, name: string): boolean => writer === 'user' && !config.get(name).isTrue

const toUnset = ({ config }: Gate, name: string) => ({ at: config.get(name), what: `${name} is not set` })
