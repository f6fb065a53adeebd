/** What a command has to say, without final line breaks, and its exit code. */
export interface Report {
  readonly code: number
  /** Standard output: what a script reads. */
  readonly out?: string
  /** Standard error: secrets, hints and problems. */
  readonly err?: string
}
