/** RFC 8725 §3.10 by analogy, CVE-2026-41413: keys come over TLS, or from this machine, and the URL holds no secret. */
export const isTrustedUrl = (text: string): boolean => {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, username, password, hash } = new URL(text)
  if (username || password || hash) return false
  const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname)
  return protocol === 'https:' || (protocol === 'http:' && loopback)
}
