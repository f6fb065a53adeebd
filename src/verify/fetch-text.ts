/** Caps on what an issuer can make us wait for or hold. */
const TIMEOUT_MILLISECONDS = 5_000
const MAX_BYTES = 1_048_576

/**
 * The body of a URL from the configuration, as text. Throws on any status but 200, on a redirect (CVE-2026-41413),
 * after 5 s, and past 1 MiB.
 */
export const fetchText = async (url: string): Promise<string> => {
  const response = await fetch(url, {
    redirect: 'manual',
    headers: { accept: 'application/jwk-set+json, application/json' },
    signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
  })
  if (response.status !== 200 || !response.body) {
    await response.body?.cancel()
    throw new Error(`${url} answered with status ${response.status}`)
  }
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body) {
    length += chunk.length
    if (length > MAX_BYTES) throw new Error(`${url} sent more than ${MAX_BYTES} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
