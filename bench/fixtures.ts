import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toDigest } from '../src/key/digest.ts'
import { mintSecret } from '../src/key/mint.ts'
import { makeSigningKey, type SigningKey } from '../test/fixtures/signing-key.ts'
import { checkMethod } from '../test/vectors/check-method.ts'

export const HOST = 'api.example.com'
export const ISSUER = 'https://issuer.example.com'
export const AUDIENCE = 'https://api.example.com'
const COUNT = 1_000
const ALGORITHMS = ['RS256', 'ES256', 'EdDSA'] as const

/** What servers are asked, and what they know: files in a folder of their own. */
export interface Fixtures {
  readonly folder: string
  /** The API keys: secrets, and a file of their SHA-256 digests in hex, one a line. */
  readonly secrets: readonly string[]
  readonly digests: string
  /** The signing keys: a file, and where the same set is to be had over HTTP. */
  readonly jwks: string
  readonly jwksUri: string
  /** The file of messages of one form with one kind of credential. */
  readonly messages: (form: Form, shown: Shown) => string
  readonly remove: () => void
}

/** Check messages; HTTP/1.1 requests as a client sends them, and as Envoy's HTTP service asks about them. */
export type Form = 'check' | 'request' | 'question'

export type Shown =
  | 'key'
  | (typeof ALGORITHMS)[number]
  | 'no credential'
  | 'unknown key'
  | 'bad signature'
  | 'unknown kid'

/** Whether such a credential is to pass. */
export const isGood = (shown: Shown): boolean => shown === 'key' || ALGORITHMS.some((alg) => alg === shown)

/** Makes 1,000 keys, and as many tokens for each algorithm. */
export const makeFixtures = async (): Promise<Fixtures> => {
  const folder = mkdtempSync(join(tmpdir(), 'bearergate-bench-'))
  const secrets = Array.from({ length: COUNT }, mintSecret)
  const digests = secrets.map(toDigest)
  const write = (name: string, content: string | Buffer): string => {
    const path = join(folder, name)
    writeFileSync(path, content)
    return path
  }
  mkdirSync(join(folder, 'keys'))
  write('keys/keys.jsonl', digests.map((digest, id) => `{"id":"client-${id}","digest":"sha256:${digest}"}\n`).join(''))

  const keys = await Promise.all(ALGORITHMS.map(async (alg) => [alg, await makeSigningKey(alg, alg)] as const))
  const stranger = await makeSigningKey('ES256', 'ES256')
  const nobody = await makeSigningKey('nobody', 'ES256')
  const credentials = new Map<Shown, readonly (string | undefined)[]>([
    ['key', secrets],
    ['no credential', [undefined]],
    ['unknown key', Array.from({ length: COUNT }, mintSecret)],
    ['bad signature', await signMany(stranger)],
    ['unknown kid', await signMany(nobody)],
  ])
  for (const [alg, key] of keys) credentials.set(alg, await signMany(key))
  for (const [shown, list] of credentials) {
    for (const form of ['check', 'request', 'question'] as const) {
      write(`${form} ${shown}`, toLengthPrefixed(list.map((credential) => toMessage[form](credential))))
    }
  }
  const jwks = JSON.stringify({ keys: keys.map(([, { jwk }]) => jwk) })
  const issuer = createServer((_, response) => response.end(jwks))
    .listen(0, '127.0.0.1')
    .unref()
  await once(issuer, 'listening')
  return {
    folder,
    secrets,
    digests: write('digests', digests.join('\n')),
    jwks: write('jwks.json', jwks),
    jwksUri: `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/`,
    messages: (form, shown) => join(folder, `${form} ${shown}`),
    remove: () => {
      issuer.close()
      rmSync(folder, { recursive: true })
    },
  }
}

const signMany = (key: SigningKey): Promise<readonly string[]> => {
  const now = Math.floor(Date.now() / 1_000)
  const claims = { iss: ISSUER, aud: AUDIENCE, iat: now, exp: now + 86_400, scope: 'read write' }
  return Promise.all(Array.from({ length: COUNT }, (_, id) => key.sign({ ...claims, sub: `client-${id}` })))
}

/** As the load program reads them: each with its length, in four bytes, before it. */
const toLengthPrefixed = (messages: readonly Buffer[]): Buffer =>
  Buffer.concat(
    messages.flatMap((message) => {
      const length = Buffer.alloc(4)
      length.writeUInt32BE(message.length)
      return [length, message]
    }),
  )

const toHttp = (prefix: string, credential: string | undefined): Buffer => {
  const lines = Object.entries({ ...toHeaders(credential), 'content-length': '0' })
    .filter(([name]) => !name.startsWith(':'))
    .map(([name, value]) => `${name}: ${value}`)
  const target = `${prefix}/api/flow_runs/filter?limit=200`
  return Buffer.from([`POST ${target} HTTP/1.1`, `host: ${HOST}`, ...lines, '', ''].join('\r\n'))
}

/** What Envoy asks about a request with the headers of a browser. */
const toRequest = (credential: string | undefined) => ({
  attributes: {
    request: {
      http: {
        id: '1234567890',
        method: 'POST',
        host: HOST,
        path: '/api/flow_runs/filter?limit=200',
        protocol: 'HTTP/1.1',
        headers: toHeaders(credential),
      },
    },
  },
})

const toMessage: Record<Form, (credential: string | undefined) => Buffer> = {
  check: (credential) => checkMethod.requestSerialize(toRequest(credential)),
  request: (credential) => toHttp('', credential),
  question: (credential) => toHttp('/envoy', credential),
}

const toHeaders = (credential: string | undefined) => ({
  ...HEADERS,
  ...(credential !== undefined && { authorization: `Bearer ${credential}` }),
})

const HEADERS = {
  ':authority': HOST,
  ':method': 'POST',
  ':path': '/api/flow_runs/filter?limit=200',
  ':scheme': 'https',
  accept: 'application/json, text/plain, */*',
  'accept-encoding': 'gzip, deflate, br, zstd',
  'accept-language': 'en-GB,en;q=0.9,de;q=0.8',
  'cache-control': 'no-cache',
  'content-length': '182',
  'content-type': 'application/json',
  cookie: 'theme=dark; session-preference=compact; consent=all',
  origin: 'https://ui.example.com',
  pragma: 'no-cache',
  priority: 'u=1, i',
  referer: 'https://ui.example.com/runs',
  'sec-ch-ua': '"Chromium";v="156", "Not;A=Brand";v="24"',
  'sec-ch-ua-mobile': '?0',
  'sec-ch-ua-platform': '"Linux"',
  'sec-fetch-dest': 'empty',
  'sec-fetch-mode': 'cors',
  'sec-fetch-site': 'same-site',
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36',
  'x-forwarded-for': '10.1.2.3',
  'x-forwarded-proto': 'https',
  'x-request-id': '0b5c1f6e-5d57-4a4e-9c0f-1f2e3d4c5b6a',
}
