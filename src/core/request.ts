/** What the core sees of one request, whatever door it came through. Nothing in it has been checked. */
export interface RequestView {
  /** As sent: methods are case-sensitive (RFC 9110 §9.1). */
  readonly method: string
  /** The authority as the client sent it: port, case and final dot are kept. */
  readonly host: string
  /** The request target with its query, as the upstream will get it. */
  readonly path: string
  /** Those that the policy reads. Lower-case names; several lines of one name are joined by commas. */
  readonly headers: ReadonlyMap<string, string>
  /** Envoy's context extension `route`. It comes from Envoy's configuration, never from the client. */
  readonly routeName?: string
  /** The name in the client certificate that the proxy has verified. Never from a header. */
  readonly clientCertificate?: string
  /** When whoever asked stops waiting, in milliseconds since the epoch. */
  readonly deadline?: number
}

/** The headers that every decision and its log line read; a policy adds those of its carriers. */
export const READ_HEADERS: readonly string[] = [
  ...['authorization', 'content-type', 'origin', 'access-control-request-method', 'upgrade', 'x-request-id'],
]

/** True for a CORS preflight as the Fetch standard defines it. */
export const isPreflight = ({ method, headers }: RequestView): boolean =>
  method === 'OPTIONS' && Boolean(headers.get('origin')) && Boolean(headers.get('access-control-request-method'))

/** True when the client asks to leave HTTP, by RFC 9110 §7.8 or by CONNECT (RFC 8441 §4 included). */
export const isUpgrade = ({ method, headers }: RequestView): boolean => method === 'CONNECT' || headers.has('upgrade')

/** True for a gRPC caller, to whom Envoy sends the body of a refusal as `grpc-message`; gRPC-Web is not one. */
export const isGrpc = ({ headers }: RequestView): boolean =>
  /^application\/grpc(?:$|[+;\s])/i.test(headers.get('content-type') ?? '')
