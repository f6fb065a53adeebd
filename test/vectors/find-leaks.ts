import type { World } from './world.ts'

/** Where a text that the gate shows holds a secret, a token or the digest of a key. */
export const findLeaks = (name: string, text: string, world: World): string[] =>
  [...world.listSecrets(), ...world.listDigests()]
    .map((secret) => text.indexOf(secret))
    .filter((at) => at >= 0)
    .map((at) => `${name} holds a secret, a token or a digest, after: ${text.slice(Math.max(0, at - 80), at)}`)
