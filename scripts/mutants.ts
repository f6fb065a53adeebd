import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A fault made on purpose: in this file, this text becomes that. Some test must notice. */
type Mutant = readonly [name: string, file: string, text: string, fault: string]

const MUTANTS: readonly Mutant[] = [
  [
    'no route lets through',
    'core/check.ts',
    "if (!route) return forbidden('no_route')",
    "if (!route) return { kind: 'ok', reason: 'public', route: '', headers: { set: [], remove: [] } } as never",
  ],
  [
    'deny is not denied',
    'core/check.ts',
    "if (rule.kind === 'deny') return forbidden('denied_route', route)",
    "if (rule.kind === 'deny') return ok(policy, request, route)",
  ],
  ['scopes are not checked', 'core/check.ts', 'if (!hasScopes(principal, rule.scopes))', 'if (false as boolean)'],
  ['one scope of several is enough', 'core/principal.ts', 'needed.every(', 'needed.length === 0 || needed.some('],
  [
    'an outage is a denial',
    'core/check.ts',
    'return failed(verification.reason, route)',
    "return challenged(401, 'unknown_key', route, rule, 'invalid_token')",
  ],
  [
    'a malformed header is a missing one',
    'core/credential.ts',
    "if (authorization.includes(',')) return MALFORMED",
    "if (authorization.includes(',')) return MISSING",
  ],
  [
    'the first of two credentials wins',
    'core/credential.ts',
    "if (authorization.includes(',')) return MALFORMED",
    "if (authorization.includes(',')) return extractCredential(authorization.split(',')[0])",
  ],
  ['the scheme is compared with its case', 'core/credential.ts', '=*))?$/i', '=*))?$/'],
  [
    'Authorization goes upstream',
    'core/check.ts',
    "authorization.kind === 'remove' ? [...remove, 'authorization'] : remove",
    'remove',
  ],
  [
    'identity headers stay on public routes',
    'core/identity.ts',
    'if (value === undefined) remove.push(name)',
    'if (value === undefined) { if (principal) remove.push(name) }',
  ],
  ['other spellings stay', 'core/identity.ts', '/[_.]/.test(name) &&', 'false &&'],
  [
    'a prefix ends anywhere',
    'core/path.ts',
    'path.startsWith(pattern.slice(0, -1))',
    'path.startsWith(pattern.slice(0, -2))',
  ],
  ['an escaped slash is clear', 'core/path.ts', ' || ESCAPED_SLASH.test(raw)', ''],
  [
    'the path is decoded twice',
    'core/path.ts',
    'return decodeURIComponent(raw)',
    'return decodeURIComponent(decodeURIComponent(raw))',
  ],
  ['dot segments are clear', 'core/path.ts', ' || SEGMENTS.test(path)', ''],
  [
    'an ambiguous path meets the first route alone',
    'core/route.ts',
    'scopes: [...new Set(rules.flatMap(({ scopes }) => scopes))]',
    'scopes: first.rule.scopes',
  ],
  ['a deny route does not count for an ambiguous path', 'core/route.ts', 'if (!first || deny ||', 'if (!first ||'],
  ['a public path opens an upgrade', 'core/route.ts', '&& isUpgrade(request))', '&& false)'],
  [
    'a wildcard covers look-alikes',
    'core/host.ts',
    'host.endsWith(pattern.slice(1))',
    'host.endsWith(pattern.slice(2))',
  ],
  ['a public path opens every method', 'config/policy.ts', "['GET', 'HEAD']", "['GET', 'HEAD', 'POST']"],
  ['a status of 0 for a denial', 'grpc/check-response.ts', '401: Code.UNAUTHENTICATED', '401: Code.OK'],
  ['headers are appended', 'grpc/check-response.ts', 'append: { value: false }', 'append: { value: true }'],
  [
    'headers are added if absent',
    'grpc/check-response.ts',
    'OVERWRITE_IF_EXISTS_OR_ADD = 2',
    'OVERWRITE_IF_EXISTS_OR_ADD = 1',
  ],
  [
    'an exception is a gRPC error',
    'grpc/answer-check.ts',
    "      return failed('internal_fault')",
    '      throw error',
  ],
  ['expired keys pass', 'verify/verify.ts', 'expires <= now', 'expires < 0'],
  ['disabled keys pass', 'verify/verify.ts', 'if (disabled)', 'if (disabled && id === "")'],
  [
    'keys pass where tokens are asked for',
    'verify/verify.ts',
    'return accept.keys ? judgeKey',
    'return true ? judgeKey',
  ],
  ['any configured issuer is accepted', 'verify/verify.ts', ' && accept.issuers.includes(issuer)', ''],
  ['the type is not checked', 'verify/verify-token.ts', 'if (!types.has(toType(jws.type)))', 'if (false as boolean)'],
  ['ID tokens pass', 'verify/verify-token.ts', 'if (isIdToken && ', 'if (false && '],
  [
    'sender-constrained tokens pass',
    'verify/verify-token.ts',
    "if (own(claims, 'cnf') !== undefined)",
    'if (false as boolean)',
  ],
  ['tokens from the future pass', 'verify/verify-token.ts', 'claims.iat > seconds + tolerance', 'false'],
  [
    'a missing key set is a bad token',
    'verify/verify-token.ts',
    "return { kind: 'unavailable', reason: 'jwk_set_unavailable' }",
    "return rejected('unknown_signing_key')",
  ],
  ['a remembered token never expires', 'verify/cached.ts', ' && now() < expiresAt', ''],
  ['a remembered token outlives its key', 'verify/cached.ts', 'entry.version === before && ', ''],
  ['no cooldown for unknown kids', 'verify/jwk-set.ts', 'now() - askedForUnknown >= COOLDOWN_MILLISECONDS', 'true'],
  [
    'the cooldown is claimed after the fetch',
    'verify/jwk-set.ts',
    '      askedForUnknown = now()\n      void refresh()',
    '      void refresh().then(() => { askedForUnknown = now() })',
  ],
  ['a stale set is used for ever', 'verify/jwk-set.ts', 'now() - status.loadedAt <= maxStale', 'true'],
  ['weak keys are used', 'verify/usable-keys.ts', 'bits < MIN_RSA_BITS', 'bits < 0'],
  ['redirects are followed', 'verify/fetch-text.ts', "redirect: 'manual'", "redirect: 'follow'"],
  ['metadata of another issuer is believed', 'verify/discovery.ts', 'if (named !== issuer)', 'if (false as boolean)'],
  ['stray bits are overlooked', 'verify/jws.ts', ' && !STRAY_BITS.test(text)', ''],
  ['short secrets are taken', 'key/secret.ts', 'if (secret.length < MIN_LENGTH)', 'if (secret.length < 1)'],
  [
    'a broken key file empties its keys',
    'sources/file-source.ts',
    'group: known?.group ?? { origin: path, records: [] }, problems: parsed.problems',
    'group: { origin: path, records: [] }, problems: parsed.problems',
  ],
  [
    'an id moves to the newcomer',
    'sources/key-index.ts',
    'if (owner !== origin) problems.push',
    'if (false as boolean) problems.push',
  ],
  ['the query is logged', 'ops/decision-line.ts', "request.path.split('?', 1)[0]", 'request.path'],
  ['client certificates are not asked for', 'grpc/tls-credentials.ts', 'tls.clientCaFile !== undefined,', 'false,'],
]

const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** Fast tests; those that start whole programs would notice as well. */
const TESTS = ['core', 'config', 'grpc', 'key', 'ops', 'sources', 'verify'].map((name) => `test/${name}/**/*.test.ts`)

const folder = mkdtempSync(join(tmpdir(), 'bearergate-mutants-'))
for (const name of ['src', 'test', 'proto', 'scripts', 'package.json', 'ava.config.js']) {
  cpSync(join(ROOT, name), join(folder, name), { recursive: true })
}
symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))

/** True when the tests fail, as they should. */
const isNoticed = (): boolean => {
  try {
    execFileSync(join(folder, 'node_modules/.bin/ava'), ['--fail-fast', ...TESTS], { cwd: folder, stdio: 'ignore' })
    return false
  } catch {
    return true
  }
}

const chosen = MUTANTS.filter(([name]) => process.argv.length < 3 || process.argv.slice(2).includes(name))
const survivors: string[] = []
try {
  if (isNoticed()) throw new Error('The tests fail without any mutant: mend that first.')
  for (const [name, file, text, fault] of chosen) {
    const path = join(folder, 'src', file)
    const source = readFileSync(path, 'utf8')
    if (source.split(text).length !== 2) throw new Error(`${name}: its text does not stand once in ${file}`)
    writeFileSync(
      path,
      source.replace(text, () => fault),
    )
    const noticed = isNoticed()
    writeFileSync(path, source)
    console.log(`${noticed ? 'noticed ' : 'SURVIVED'}  ${name}`)
    if (!noticed) survivors.push(name)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log(`${chosen.length - survivors.length} of ${chosen.length} mutants noticed`)
process.exitCode = survivors.length > 0 ? 1 : 0
