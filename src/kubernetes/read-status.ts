import type { IncomingMessage } from 'node:http'
import * as z from 'zod'

const status = z.object({ code: z.int(), message: z.string().optional() })

/** The API said no. `code` is the HTTP status, or that of an ERROR event of a watch. */
export interface ApiFailure {
  readonly code: number
  /** What the API says about it; it holds no secrets. */
  readonly message: string
}

/** Reads a Status object, which is what the API says no with. */
export const toFailure = (body: unknown, code: number): ApiFailure => {
  const parsed = status.safeParse(body)
  return {
    code: parsed.data?.code ?? code,
    message: `the API says ${parsed.data?.code ?? code}: ${parsed.data?.message ?? 'without a reason'}`,
  }
}

/** Reads the whole answer as JSON; undefined where it is none. */
export const readJson = async (response: IncomingMessage): Promise<unknown> => {
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += chunk
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
