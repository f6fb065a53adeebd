import { findFreePortAbove, isFree } from '../../scripts/ports.ts'
import { PORTS, type PortName, type StartSettings } from './settings.ts'

/** What to tell when ports are taken: which, and the command that uses others. Undefined when all are free. */
export const findTakenPorts = async ({ ports, upstream }: StartSettings): Promise<string | undefined> => {
  const names = (Object.keys(PORTS) as PortName[]).filter((name) => name !== 'DEMO_PORT' || !upstream)
  const lines: string[] = []
  const choices: string[] = []
  const used: number[] = Object.values(ports)
  for (const name of names) {
    if (await isFree(ports[name])) continue
    lines.push(`Port ${ports[name]} (${PORTS[name].owner}) is taken.`)
    const other = await findFreePortAbove(ports[name], used)
    used.push(other)
    choices.push(`${name}=${other}`)
  }
  if (lines.length === 0) return undefined
  return [...lines, `Stop what listens there, or choose another port: ${choices.join(' ')} npm start`].join('\n')
}
