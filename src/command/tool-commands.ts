import { buffer } from 'node:stream/consumers'
import { type Command, Option } from 'commander'
import { runCheckConfig } from './check-config.ts'
import { createRenderCommand } from './create-render-command.ts'
import type { KeyChoice } from './edit-key.ts'
import { runKeyDisable, runKeyEnable } from './key-enable.ts'
import { type KeyInspectOptions, runKeyInspect } from './key-inspect.ts'
import { type KeyListOptions, runKeyList } from './key-list.ts'
import { type KeyNewFlags, runKeyNew } from './key-new.ts'
import { runKeyRevoke } from './key-revoke.ts'
import { type KeyRotateOptions, runKeyRotate } from './key-rotate.ts'
import { type LintOptions, runLint } from './lint.ts'
import {
  parseClaim,
  parseCodes,
  parseFutureTime,
  parseHosts,
  parseId,
  parseOverlap,
  parseScopes,
  parseTime,
} from './parse-options.ts'
import type { Report } from './report.ts'

/** Adds what is done beside serving: to check, lint and render a configuration, and to keep keys. */
export const addToolCommands = (program: Command, say: (report: Report) => void): void => {
  program
    .command('check-config')
    .description('report every problem of a configuration, with line and column')
    .argument('<file>', 'configuration file')
    .addHelpText('after', '\nExample: bearergate check-config bearergate.yaml')
    .action((path: string) => say(runCheckConfig(path)))

  program
    .command('lint')
    .description(
      'name the holes and traps of a policy, and of proxy configurations beside it: exit code 1 for an error',
    )
    .requiredOption('-c, --config <file>', 'configuration file')
    .option(
      '--against <file...>',
      'Envoy bootstraps and config dumps, Istio, Envoy Gateway and Kubernetes YAML; a folder, or - for standard input',
    )
    .option('--ignore <codes>', 'findings that are meant so, separated by commas', parseCodes)
    .option('--json', 'for scripts')
    .addHelpText(
      'after',
      `
Examples: bearergate lint --config bearergate.yaml --against envoy.yaml
          curl -s 127.0.0.1:9901/config_dump?include_eds | bearergate lint --config bearergate.yaml --against -`,
    )
    .action((options: LintOptions) => say(runLint(options)))

  program.addCommand(createRenderCommand(say))

  const key = program.command('key').description('API keys')

  /** A command about the keys of a configuration. */
  const addKeyCommand = (name: string, description: string, example: string): Command =>
    key
      .command(name)
      .description(description)
      .requiredOption('-c, --config <file>', 'configuration file, whose key sources are meant')
      .option('--source <name>', 'one of its key sources, as the configuration names it; without it, all')
      .addHelpText('after', `\nExample: ${example}`)

  const ID = ['--id <id>', 'the id of the key', parseId] as const

  key
    .command('new')
    .description(
      'mint a key: the secret goes to standard error; it is stored, or what to store goes to standard output',
    )
    .requiredOption('--id <id>', 'who has the key: the upstream and the log see this', parseId)
    .option('--scopes <list>', 'scopes, separated by commas', parseScopes)
    .option('--expires <when>', 'a duration such as 90d, or an RFC 3339 time', parseFutureTime)
    .option('--not-before <when>', 'from when on it is good, written likewise', parseTime)
    .option('--hosts <list>', 'the only hosts that it is good for, separated by commas', parseHosts)
    .option('--claim <name=value>', 'what identity headers can show of its owner; may come again', parseClaim)
    .option('-c, --config <file>', 'store it in the key source of this configuration')
    .option('--source <name>', 'in this one, where there are several')
    .option('--file <name>', 'in this file of a directory; without it, in a file named after the id')
    .addOption(new Option('--kubernetes', 'print a Secret manifest with the digest').conflicts('config'))
    .addHelpText(
      'after',
      `
Examples: bearergate key new --id ci --scopes flow.read --expires 90d --config bearergate.yaml
          bearergate key new --id ci --kubernetes | kubectl apply -f -`,
    )
    .action(async (flags: KeyNewFlags) => say(await runKeyNew(flags)))

  addKeyCommand('list', 'show all keys', 'bearergate key list --config bearergate.yaml --json')
    .option('--json', 'for scripts')
    .action(async (options: KeyListOptions) => say(await runKeyList(options, Date.now())))

  addKeyCommand(
    'rotate',
    'give a key another secret, which goes to standard error; the old one stays good for a while',
    'bearergate key rotate --id ci --overlap 24h --expires 90d --config bearergate.yaml',
  )
    .requiredOption(...ID)
    .addOption(
      new Option('--overlap <duration>', 'how long the old secret stays good; 0s: only the new one is good from now on')
        .argParser(parseOverlap)
        .default(86_400_000, '24h'),
    )
    .option('--expires <when>', 'when the key expires from now on; without it, as before', parseFutureTime)
    .action(async (options: KeyRotateOptions) => say(await runKeyRotate(options, Date.now())))

  addKeyCommand(
    'disable',
    'refuse a key until it is enabled',
    'bearergate key disable --id ci --config bearergate.yaml',
  )
    .requiredOption(...ID)
    .action(async (choice: KeyChoice) => say(await runKeyDisable(choice)))

  addKeyCommand('enable', 'accept a disabled key again', 'bearergate key enable --id ci --config bearergate.yaml')
    .requiredOption(...ID)
    .action(async (choice: KeyChoice) => say(await runKeyEnable(choice)))

  addKeyCommand('revoke', 'remove a key for good', 'bearergate key revoke --id ci --config bearergate.yaml')
    .requiredOption(...ID)
    .action(async (choice: KeyChoice) => say(await runKeyRevoke(choice)))

  addKeyCommand(
    'inspect',
    'read a secret from standard input and say whose it is and whether it would pass: exit code 0 if so, else 1',
    'bearergate key inspect --config bearergate.yaml < secret.txt',
  )
    .option('--host <name>', 'judge it for this host, too')
    .option('--json', 'for scripts')
    .action(async (options: KeyInspectOptions) => {
      if (process.stdin.isTTY) process.stderr.write('Type or paste the secret, then Enter and Ctrl-D:\n')
      say(await runKeyInspect(options, await buffer(process.stdin), Date.now()))
    })
}
