/** Visible ASCII with inner spaces (RFC 9110 §5.5), short enough for every server's header limit. */
const SAFE = /^[!-~](?:[ -~]{0,1022}[!-~])?$/

/** True when the text can be a header value as it is. */
export const isHeaderValue = (text: string): boolean => SAFE.test(text)

/**
 * A claim as the text of a header: strings, numbers and booleans; lists of strings joined by commas. Undefined for
 * everything that is not safe as a header value (CVE-2023-27493).
 */
export const toHeaderValue = (claim: unknown): string | undefined => {
  const text = toText(claim)
  return text !== undefined && isHeaderValue(text) ? text : undefined
}

const toText = (claim: unknown): string | undefined => {
  if (typeof claim === 'string') return claim
  if (typeof claim === 'number' || typeof claim === 'boolean') return String(claim)
  // A comma inside an item would make two of one.
  if (Array.isArray(claim) && claim.every((item) => typeof item === 'string' && !item.includes(','))) {
    return claim.join(',')
  }
  return undefined
}
