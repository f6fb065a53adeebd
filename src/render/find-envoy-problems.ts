import { type Address, toAddressText } from './address.ts'

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
