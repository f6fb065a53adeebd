import type { ConfigFile } from '../config/schema.ts'
import { type Address, toAddressText } from './address.ts'
import type { GateTls } from './envoy/clusters-yaml.ts'

interface Places {
  readonly listen: Address
  readonly admin?: Address
  readonly gates: readonly Address[]
}

/** What Envoy cannot be told of addresses, each with what to do. */
export const findEnvoyProblems = ({ listen, admin, gates }: Places): readonly string[] => {
  const problems: string[] = []
  if (gates.length === 0) problems.push('where is the gate? Say --gate ADDRESS:PORT')
  if (gates.some(({ kind }) => kind === 'name') && gates.some(({ kind }) => kind === 'unix')) {
    problems.push('--gate: Envoy takes no names beside unix sockets: give IP addresses')
  }
  for (const [option, address] of [
    ['--listen', listen],
    ['--admin', admin],
  ] as const) {
    if (address?.kind === 'name') problems.push(`${option} ${toAddressText(address)}: write an IP address and a port`)
  }
  return problems
}

/** Where Envoy and the gate would not understand each other. */
export const findTlsProblems = (listen: ConfigFile['listen']['tls'], gate: GateTls | undefined): readonly string[] => {
  if (!listen) return gate ? ['--gate-ca: the gate listens without TLS: write listen.tls, or leave the option out'] : []
  if (!gate) return ['listen.tls: say with --gate-ca which file has the CA of the gate, where Envoy reads it']
  if (listen.clientCaFile === undefined || gate.client) return []
  return ['listen.tls.clientCaFile: say with --gate-certificate and --gate-key what Envoy shows the gate']
}
