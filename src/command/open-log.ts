import pino, { type Logger } from 'pino'

/** The log of a gate that runs: JSON lines on standard output. Those of a worker say which it is. */
export const openLog = (
  level: string,
  worker?: number,
): {
  readonly log: Logger
  /** Ends the process once what is still to be written was written, in its order. */
  readonly exit: (code: number) => void
} => {
  // Written in the background: whoever reads the log slowly holds no request up, and loses lines past 16 MiB.
  // At most 4 KiB at a time: so much goes whole into a pipe that workers share (POSIX, PIPE_BUF).
  // A write for each line costs some 50 µs: lines wait for others, for a tenth of a second at most. A crash loses those.
  const destination = pino.destination({
    sync: false,
    maxLength: 16_777_216,
    maxWrite: 4_096,
    minLength: 2_048,
    periodicFlush: 100,
  })
  const log = pino(
    {
      level,
      base: worker === undefined ? null : { worker },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  )
  return {
    log,
    exit: (code) => {
      destination.once('close', () => process.exit(code))
      destination.end()
    },
  }
}
