#!/usr/bin/env node
import './require-node.js'
import { readFileSync } from 'node:fs'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import pino from 'pino'
import { toProblemText } from './config/document.ts'
import { parseDuration } from './config/duration.ts'
import { type Config, loadConfig } from './config/load.ts'
import { ExitCode } from './exit-code.ts'
import { mintKey } from './key/new-key.ts'
import { serve } from './serve.ts'
import { isKeyId } from './sources/key-entry.ts'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

/** Ends the process with every problem of the configuration on standard error. */
const load = (path: string): Config => {
  const loaded = loadConfig(path, process.env)
  if (loaded.kind === 'loaded') return loaded.config
  for (const problem of loaded.problems) console.error(toProblemText(path, problem))
  process.exit(ExitCode.config)
}

const runServe = async ({ config: path }: { readonly config: string }): Promise<void> => {
  const config = load(path)
  // Written in the background: whoever reads the log slowly holds no request up, and loses lines past 16 MiB.
  const destination = pino.destination({ sync: false, maxLength: 16_777_216 })
  const log = pino(
    {
      level: config.file.log.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  )
  const exit = (code: number): void => destination.flush(() => process.exit(code))
  log.info({ version, node: process.version }, 'starting')
  const served = serve({ path, config, environment: process.env, log, now: Date.now })
  let isSecond = false
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      log.info({ signal }, isSecond ? 'closing at once' : 'draining')
      isSecond = true
      void served.then(({ drain }) => drain()).then(() => exit(0))
    })
  }
  await served.catch((error: unknown) => {
    log.fatal({ err: error }, 'cannot start')
    exit(ExitCode.unavailable)
  })
}

const runCheckConfig = (path: string): void => {
  const { file } = load(path)
  const counts = [
    `routes: ${file.routes.length}`,
    `key sources: ${file.keys.length}`,
    `issuers: ${file.issuers.length}`,
  ]
  console.log(`${path}: ok (${counts.join(', ')})`)
}

interface KeyOptions {
  readonly id: string
  readonly scopes?: readonly string[]
  readonly expires?: string
  readonly kubernetes?: boolean
}

/** The secret goes to the terminal alone: what is piped on is the record or the manifest, and holds its digest. */
const runKeyNew = ({ id, scopes = [], expires, kubernetes = false }: KeyOptions): void => {
  const { secret, record, manifest } = mintKey({ id, scopes, ...(expires && { expires }) })
  console.error(`The secret of ${id}, shown this once and stored nowhere:\n\n${secret}\n`)
  console.error(
    kubernetes ? 'Its manifest, for kubectl apply -f -:\n' : 'Its record, for the list "keys:" of a key set file:\n',
  )
  console.log((kubernetes ? manifest : record).trimEnd())
}

const parseId = (text: string): string => {
  if (!isKeyId(text)) throw new InvalidArgumentError('An id is 1 to 128 visible ASCII characters with inner spaces.')
  return text
}

const parseScopes = (text: string): readonly string[] => {
  const scopes = text.split(',').map((scope) => scope.trim())
  if (scopes.every((scope) => /^[!#-[\]-~]+$/.test(scope))) return scopes
  throw new InvalidArgumentError('Scopes are visible ASCII without space, " and \\, separated by commas.')
}

const parseExpiry = (text: string): string => {
  const lifetime = parseDuration(text)
  const time = lifetime === undefined ? Date.parse(text) : Date.now() + lifetime
  if (time <= Date.now()) throw new InvalidArgumentError('That time is past.')
  if (Number.isNaN(time)) throw new InvalidArgumentError('Write a duration such as 90d or 12h, or an RFC 3339 time.')
  return new Date(time).toISOString()
}

const program = new Command('bearergate')
  .description('An external authorization server for Envoy: API keys and access tokens as bearers')
  .version(version)
  .exitOverride()
  .addHelpText(
    'after',
    '\nExit codes: 0 done, 64 wrong usage, 69 an address cannot be listened on, 70 a bug, 78 bad configuration or old Node.js',
  )

program
  .command('serve')
  .description('answer Envoy until SIGTERM or SIGINT, which drain; a second signal ends at once')
  .requiredOption('-c, --config <file>', 'configuration file')
  .action(runServe)

program
  .command('check-config')
  .description('report every problem of a configuration, with line and column')
  .argument('<file>', 'configuration file')
  .action(runCheckConfig)

program
  .command('key')
  .description('API keys')
  .command('new')
  .description('mint a key: the secret goes to standard error, the record to store to standard output')
  .requiredOption('--id <id>', 'who has the key: the upstream and the log see this', parseId)
  .option('--scopes <list>', 'scopes, separated by commas', parseScopes)
  .option('--expires <when>', 'a duration such as 90d, or an RFC 3339 time', parseExpiry)
  .addOption(new Option('--kubernetes', 'print a Secret manifest with the digest'))
  .action(runKeyNew)

process.on('uncaughtException', (error) => {
  console.error(error)
  process.exit(ExitCode.software)
})

try {
  await program.parseAsync()
} catch (error) {
  if (!(error instanceof CommanderError)) throw error
  process.exit(error.exitCode === 0 ? 0 : ExitCode.usage)
}
