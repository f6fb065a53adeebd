/** Exit codes, as in BSD's sysexits: documented for scripts and service managers. */
export const ExitCode = {
  /** A change was refused; a key would not pass; lint found an error. */
  refused: 1,
  /** A wrong option or argument. */
  usage: 64,
  /** An address cannot be listened on. */
  unavailable: 69,
  /** A bug. */
  software: 70,
  /** The configuration is refused, or Node.js is too old. */
  config: 78,
} as const
