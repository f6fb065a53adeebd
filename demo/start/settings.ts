/** What the environment asks of `npm start`: the ports, and the service to stand in front of (none: the demo API). */
export interface StartSettings {
  readonly ports: StartPorts
  readonly upstream?: { readonly host: string; readonly port: number }
}

export type PortName = keyof typeof PORTS
export type StartPorts = Readonly<Record<PortName, number>>

/** The environment variable of each port: what listens there, and where it listens by default. */
export const PORTS = {
  PORT: { owner: 'Envoy', fallback: 8080 },
  ADMIN_PORT: { owner: "Envoy's admin page", fallback: 9901 },
  GATE_PORT: { owner: 'the gate', fallback: 9001 },
  OPS_PORT: { owner: "the gate's health and metrics", fallback: 9003 },
  DEMO_PORT: { owner: 'the demo API', fallback: 9080 },
} as const

export type ParsedSettings =
  | { readonly kind: 'parsed'; readonly settings: StartSettings }
  | { readonly kind: 'refused'; readonly problems: string[] }

/** Reads the environment variables of `npm start`; every problem is named at once. */
export const parseSettings = (environment: Readonly<Record<string, string | undefined>>): ParsedSettings => {
  const problems: string[] = []
  const used = new Map<number, string>()
  const ports: Partial<Record<PortName, number>> = {}
  for (const name of Object.keys(PORTS) as PortName[]) {
    const text = environment[name] || String(PORTS[name].fallback)
    const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
    const other = used.get(port)
    if (port < 1 || port > 65_535) problems.push(`${name}=${text}: write a port from 1 to 65535`)
    else if (other) problems.push(`${name}=${port} is ${other} already: each needs its own port`)
    used.set(port, name)
    ports[name] = port
  }
  const upstream = environment['UPSTREAM'] ? parseUpstream(environment['UPSTREAM']) : undefined
  if (upstream === null) problems.push(`UPSTREAM=${environment['UPSTREAM']}: write http://HOST:PORT, with no path`)
  if (problems.length > 0) return { kind: 'refused', problems }
  return { kind: 'parsed', settings: { ports: ports as StartPorts, ...(upstream && { upstream }) } }
}

/** Plain HTTP only, as to a service on this machine; null for anything else. */
const parseUpstream = (text: string): StartSettings['upstream'] | null => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'http:' || url.pathname !== '/' || url.search || url.hash || url.username) return null
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 80) }
}
