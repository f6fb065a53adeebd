#!/usr/bin/env node
import './require-node.js'
import { readFileSync } from 'node:fs'
import { Command, CommanderError, Option } from 'commander'
import type { Report } from './command/report.ts'
import type { ServeFlags } from './command/run-serve.ts'
import { ExitCode } from './exit-code.ts'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

const say = ({ code, out, err }: Report): void => {
  if (err !== undefined) console.error(err)
  if (out !== undefined) console.log(out)
  process.exitCode = code
}

const program = new Command('bearergate')
  .description('An external authorization server for Envoy: API keys and access tokens as bearers')
  .version(version)
  .exitOverride()
  .addHelpText(
    'after',
    '\nExit codes: 0 done, 1 refused or lint found an error, 64 wrong usage, 69 an address or a key source is out of reach, 70 a bug, ' +
      '78 bad configuration or old Node.js',
  )

program
  .command('serve')
  .description('answer Envoy until SIGTERM or SIGINT, which drain; a second signal ends at once')
  .requiredOption('-c, --config <file>', 'configuration file')
  .addOption(new Option('--worker <number>').argParser(Number).hideHelp())
  .addHelpText('after', '\nExample: bearergate serve --config bearergate.yaml')
  .action(async (flags: ServeFlags) => {
    const { runServe } = await import('./command/run-serve.ts')
    const report = await runServe(flags, version)
    if (report) say(report)
  })

// What a command needs is loaded for it alone: a gate starts sooner, and smaller.
if (process.argv[2] !== 'serve') {
  const { addToolCommands } = await import('./command/tool-commands.ts')
  addToolCommands(program, say)
}

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
