/** Headers that decide where a request goes, how it is framed or who sends it: never written for an identity. */
const RESERVED = new Set([
  ...['host', 'authorization', 'proxy-authorization', 'cookie', 'set-cookie', 'www-authenticate', 'forwarded'],
  ...['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
  ...['content-length', 'content-type', 'content-encoding', 'expect', 'via', 'date', 'range', 'x-request-id'],
])

/** A lower-case field name (RFC 9110 §5.1) with hyphens alone between its words, that Envoy and upstream do not act upon. */
export const isIdentityHeaderName = (name: string): boolean =>
  /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(name) && !RESERVED.has(name) && !/^x-(?:envoy|forwarded|original)-/.test(name)
