import { connect } from 'node:net'

/** One request as bytes: what a library would not send is sent too. */
export interface RawRequest {
  readonly method: string
  readonly target: string
  readonly lines: readonly (readonly [name: string, value: string | Buffer])[]
}

export interface RawResponse {
  readonly status: number
  /** In order, with the case of their names. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: string
}

/** Sends a request to `host:port` or `unix:/path` on a connection of its own. */
export const sendRaw = async (address: string, { method, target, lines }: RawRequest): Promise<RawResponse> => {
  const [host, port] = address.split(':')
  const socket =
    host === 'unix' ? connect({ path: port as string }) : connect({ host: host as string, port: Number(port) })
  socket.write(Buffer.from(`${method} ${target} HTTP/1.1\r\n`, 'latin1'))
  for (const [name, value] of lines) {
    socket.write(Buffer.concat([Buffer.from(`${name}: `, 'latin1'), Buffer.from(value), Buffer.from('\r\n')]))
  }
  socket.write('\r\n')
  let received = Buffer.alloc(0)
  try {
    for await (const bytes of socket) {
      received = Buffer.concat([received, bytes as Buffer])
      const response = parseResponse(received, method)
      if (response) return response
    }
  } finally {
    socket.destroy()
  }
  throw new Error(`the connection ended after: ${received}`)
}

/** Undefined until the response is whole. */
const parseResponse = (bytes: Buffer, method: string): RawResponse | undefined => {
  const text = bytes.toString('latin1')
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const [first = '', ...lines] = text.slice(0, end).split('\r\n')
  const headers = lines.map((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 1).trim()] as const
  })
  const length = Number(headers.find(([name]) => name.toLowerCase() === 'content-length')?.[1] ?? 0)
  const body = bytes.subarray(end + 4)
  if (method !== 'HEAD' && body.length < length) return undefined
  return { status: Number(first.split(' ')[1]), headers, body: body.toString() }
}
