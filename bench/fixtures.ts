import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toDigest } from '../src/key/digest.ts'
import { mintSecret } from '../src/key/mint.ts'
import { makeSigningKey, type SigningKey } from '../test/fixtures/signing-key.ts'
import { checkMethod } from '../test/vectors/check-method.ts'

export const ISSUER = 'https://issuer.example.com'
export const AUDIENCE = 'https://api.example.com'
const COUNT = 1_000
const ALGORITHMS = ['RS256', 'ES256', 'EdDSA'] as const

/** What servers are asked, and what they know: files in a folder of their own. */
export interface Fixtures {
  readonly folder: string
  /** SHA-256 digests of the keys, in hex, one a line. */
  readonly digests: string
  readonly jwks: string
  /** Files of Check messages, by what is in them. */
  readonly messages: ReadonlyMap<Shown, string>
  /** The same requests with the keys, as clients send them over HTTP/1.1; and as Envoy's HTTP service asks about them. */
  readonly requests: string
  readonly questions: string
  readonly remove: () => void
}

export type Shown =
  | 'key'
  | (typeof ALGORITHMS)[number]
  | 'no credential'
  | 'unknown key'
  | 'bad signature'
  | 'unknown kid'

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
  const messages = [...credentials].map(
    ([shown, list], index) => [shown, write(`messages-${index}`, toMessages(list))] as const,
  )
  return {
    folder,
    digests: write('digests', digests.join('\n')),
    jwks: write('jwks.json', JSON.stringify({ keys: keys.map(([, { jwk }]) => jwk) })),
    messages: new Map(messages),
    requests: write('requests', toLengthPrefixed(secrets.map((secret) => toHttp('', secret)))),
    questions: write('questions', toLengthPrefixed(secrets.map((secret) => toHttp('/envoy', secret)))),
    remove: () => rmSync(folder, { recursive: true }),
  }
}

const signMany = (key: SigningKey): Promise<readonly string[]> => {
  const now = Math.floor(Date.now() / 1_000)
  const claims = { iss: ISSUER, aud: AUDIENCE, iat: now, exp: now + 86_400, scope: 'read write' }
  return Promise.all(Array.from({ length: COUNT }, (_, id) => key.sign({ ...claims, sub: `client-${id}` })))
}

const toMessages = (credentials: readonly (string | undefined)[]): Buffer =>
  toLengthPrefixed(credentials.map((credential) => checkMethod.requestSerialize(toRequest(credential))))

/** As the load program reads them: each with its length, in four bytes, before it. */
const toLengthPrefixed = (messages: readonly Buffer[]): Buffer =>
  Buffer.concat(
    messages.flatMap((message) => {
      const length = Buffer.alloc(4)
      length.writeUInt32BE(message.length)
      return [length, message]
    }),
  )

const toHttp = (prefix: string, secret: string): Buffer => {
  const lines = Object.entries({ ...HEADERS, 'content-length': '0', authorization: `Bearer ${secret}` })
    .filter(([name]) => !name.startsWith(':'))
    .map(([name, value]) => `${name}: ${value}`)
  const target = `${prefix}/api/flow_runs/filter?limit=200`
  return Buffer.from([`POST ${target} HTTP/1.1`, 'host: api.example.com', ...lines, '', ''].join('\r\n'))
}

/** What Envoy asks about a request with the headers of a browser. */
const toRequest = (credential: string | undefined) => ({
  attributes: {
    request: {
      http: {
        id: '1234567890',
        method: 'POST',
        host: 'api.example.com',
        path: '/api/flow_runs/filter?limit=200',
        protocol: 'HTTP/1.1',
        headers: {
          ...HEADERS,
          ...(credential !== undefined && { authorization: `Bearer ${credential}` }),
        },
      },
    },
  },
})

const HEADERS = {
  ':authority': 'api.example.com',
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
