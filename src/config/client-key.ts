import { createPrivateKey, type JsonWebKeyInput } from 'node:crypto'

/** What keeps a text from being a private JWK that signs (RFC 7517 §4); it quotes nothing of it. */
export const findKeyFault = (text: string): string | undefined => {
  try {
    const jwk: JsonWebKeyInput['key'] = JSON.parse(text)
    createPrivateKey({ key: jwk, format: 'jwk' })
    return typeof jwk['alg'] === 'string' ? undefined : 'the key has no "alg", which says how it signs'
  } catch {
    return 'it is no private JWK'
  }
}
