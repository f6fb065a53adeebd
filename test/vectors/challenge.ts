/** One challenge of WWW-Authenticate (RFC 9110 §11.6.1), quoting undone. */
export interface Challenge {
  readonly scheme: string
  readonly parameters: ReadonlyMap<string, string>
}

/** Reads the value of one line; undefined if it is not one challenge with parameters. */
export const parseChallenge = (value: string): Challenge | undefined => {
  const start = /^([\w!#$%&'*+.^`|~-]+) +(?=\S)/.exec(value)
  if (!start) return undefined
  const [{ length }, scheme = ''] = start
  const parameters = new Map<string, string>()
  const parameter = /([\w!#$%&'*+.^`|~-]+)=(?:([\w!#$%&'*+.^`|~-]+)|"((?:[\t !#-[\]-~]|\\[\t !-~])*)")(?:, *(?=.)|$)/y
  parameter.lastIndex = length
  while (parameter.lastIndex < value.length) {
    const match = parameter.exec(value)
    if (!match) return undefined
    const [, name = '', token, quoted = ''] = match
    // RFC 9110 §11.2: a parameter occurs once.
    if (parameters.has(name.toLowerCase())) return undefined
    parameters.set(name.toLowerCase(), token ?? quoted.replaceAll(/\\(.)/g, '$1'))
  }
  return { scheme, parameters }
}
