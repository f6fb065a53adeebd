/** The parameters of one `WWW-Authenticate: Bearer` (RFC 9110 §11.2), quoting undone; undefined if it is not one. */
export const parseBearerChallenge = (value: string): ReadonlyMap<string, string> | undefined => {
  const scheme = /^Bearer +(?=\S)/i.exec(value)
  if (!scheme) return undefined
  const parameters = new Map<string, string>()
  const parameter = /([\w!#$%&'*+.^`|~-]+)=(?:([\w!#$%&'*+.^`|~-]+)|"((?:[\t !#-[\]-~]|\\[\t !-~])*)")(?:, *(?=.)|$)/y
  parameter.lastIndex = scheme[0].length
  while (parameter.lastIndex < value.length) {
    const match = parameter.exec(value)
    if (!match) return undefined
    const [, name = '', token, quoted = ''] = match
    // RFC 9110 §11.2: a parameter occurs once.
    if (parameters.has(name.toLowerCase())) return undefined
    parameters.set(name.toLowerCase(), token ?? quoted.replaceAll(/\\(.)/g, '$1'))
  }
  return parameters
}
