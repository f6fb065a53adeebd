import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildGoPrograms } from '../../scripts/build-go-programs.ts'
import { runProgram } from '../../scripts/run-program.ts'
import type { ConfigDump } from './to-static.ts'

/** The path of Envoy Gateway's command line program, which is built the first time. */
export const findEgctl = async (): Promise<string> => {
  const folder = await buildGoPrograms({
    name: 'egctl',
    folder: fileURLToPath(new URL('go', import.meta.url)),
    packages: ['github.com/envoyproxy/gateway/cmd/egctl'],
    takes: '5 to 20 minutes',
  })
  return join(folder, 'egctl')
}

/** What Envoy Gateway would tell the Envoys of the one Gateway in a file. */
export const translate = async (egctl: string, file: string): Promise<ConfigDump> => {
  const how = ['--from', 'gateway-api', '--to', 'xds', '--type', 'all', '--output', 'json']
  const printed = await runProgram(egctl, ['x', 'translate', ...how, '--file', file], 'egctl names the object')
  const { xds } = JSON.parse(printed) as { readonly xds: Readonly<Record<string, ConfigDump>> }
  const [dump, ...others] = Object.values(xds)
  if (!dump || others.length > 0) throw new Error(`one Gateway was expected: ${Object.keys(xds).join(', ') || 'none'}`)
  return dump
}
