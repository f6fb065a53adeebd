/** Caps on what an issuer can make us wait for or hold. */
const TIMEOUT_MILLISECONDS = 5_000
const MAX_BYTES = 1_048_576

export interface FetchRequest {
  /** Sent as it is, with POST; without it the URL is read. */
  readonly body?: URLSearchParams
  readonly headers?: Readonly<Record<string, string>>
  /** Milliseconds. */
  readonly timeout?: number
  /** The only media type that the answer may have; without it any. */
  readonly mediaType?: string
}

/**
 * The body of a URL from the configuration, as text. Throws on any status but 200, on a redirect (CVE-2026-41413), on
 * another media type, after 5 s or the time given, and past 1 MiB.
 */
export const fetchText = async (url: string, request: FetchRequest = {}): Promise<string> => {
  const { body, headers, timeout = TIMEOUT_MILLISECONDS, mediaType } = request
  const response = await fetch(url, {
    redirect: 'manual',
    headers: { accept: mediaType ?? 'application/jwk-set+json, application/json', ...headers },
    signal: AbortSignal.timeout(timeout),
    ...(body && { method: 'POST', body }),
  }).catch((error: Error) => {
    throw new Error(`${url} cannot be reached: ${toReason(error)}`)
  })
  const type = response.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase()
  const isExpected = mediaType === undefined || type === mediaType
  if (response.status !== 200 || !response.body || !isExpected) {
    await response.body?.cancel()
    const status = `${url} answered with status ${response.status}`
    throw new Error(isExpected || response.status !== 200 ? status : `${url} answered with what is no ${mediaType}`)
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

/** What fetch says is in the cause of its error; several addresses that all refuse are one without a message. */
const toReason = ({ message, cause }: Error): string => {
  const { message: inner, code } = (cause ?? {}) as { readonly message?: string; readonly code?: string }
  return inner || code || message
}
