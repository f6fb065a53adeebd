import type { TokenFixture } from './fixture-file.ts'
import { type Fill, fillDeep } from './placeholders.ts'
import { toForgedSignature, toSignature } from './signature.ts'
import type { Signer } from './signers.ts'
import { toEncodedPart, toSpelling } from './token-spelling.ts'

/** Makes the token of that name. */
export type Mint = (name: string) => string

/** Mints each token once, unless its fixture says `fresh`. */
export const createMint = (
  fixtures: Readonly<Record<string, TokenFixture>>,
  signers: ReadonlyMap<string, Signer>,
  fill: Fill,
): Mint => {
  const minted = new Map<string, string>()

  const mint: Mint = (name) => {
    const known = minted.get(name)
    if (known !== undefined) return known
    const fixture = inherit(fixtures, name)
    const token = toToken(fixture)
    if (!fixture.fresh) minted.set(name, token)
    return token
  }

  const toToken = (fixture: TokenFixture): string => {
    if (fixture.text !== undefined) return fill(fixture.text)
    const { header, claims, headerText, claimsText, claimsHex, encoding = {}, signature, spelling } = fixture
    const parts = [
      toEncodedPart(Buffer.from(headerText === undefined ? toJson(header) : fill(headerText)), encoding.header),
      toEncodedPart(
        claimsHex === undefined
          ? Buffer.from(claimsText === undefined ? toJson(claims) : fill(claimsText))
          : Buffer.from(claimsHex, 'hex'),
        encoding.claims,
      ),
    ]
    if (signature === 'absent') return parts.join('.')
    return toSpelling([...parts, toLastPart(fixture, parts.join('.'))].join('.'), spelling)
  }

  const toLastPart = ({ signature, sign = '', signAs }: TokenFixture, input: string): string => {
    if (signature === 'none') return ''
    if (signature?.startsWith('of:')) return mint(signature.slice(3)).split('.')[2] ?? ''
    const signer = toSigner(sign)
    const alg = signAs ?? signer.alg
    const bytes = signature ? toForgedSignature(signature, alg, signer, input) : toSignature(alg, signer, input)
    return bytes.toString('base64url')
  }

  const toSigner = (name: string): Signer => {
    const signer = signers.get(name)
    if (!signer) throw new Error(`there is no signer ${name}`)
    return signer
  }

  const toJson = (members: Record<string, unknown>): string =>
    JSON.stringify(
      fillDeep(members, fill),
      (_, value: unknown) => toDate(value) ?? (isPublicJwkOf(value) ? toSigner(value.publicJwkOf).publicJwk : value),
    )

  return mint
}

/** A fixture with all that it takes from the one it is like. */
const inherit = (fixtures: Readonly<Record<string, TokenFixture>>, name: string): TokenFixture => {
  const own = fixtures[name]
  if (!own) throw new Error(`there is no token ${name}`)
  if (own.like === undefined) return own
  const base = inherit(fixtures, own.like)
  return {
    ...base,
    ...own,
    header: without({ ...base.header, ...own.header }, own.withoutHeader),
    claims: without({ ...base.claims, ...own.claims }, own.withoutClaims),
  }
}

const without = (members: Record<string, unknown>, names: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(members).filter(([name]) => !names.includes(name)))

/** `{now: N}` is a NumericDate (RFC 7519 §2), N seconds from the present. */
const toDate = (value: unknown): number | string | undefined => {
  if (typeof value !== 'object' || value === null || !('now' in value)) return undefined
  const seconds = Math.floor(Date.now() / 1000) + Number(value.now)
  if (!('as' in value)) return seconds
  return value.as === 'string' ? String(seconds) : seconds + 0.5
}

const isPublicJwkOf = (value: unknown): value is { publicJwkOf: string } =>
  typeof value === 'object' && value !== null && 'publicJwkOf' in value
