import { EMPTY } from './frame.ts'

/** The bytes of a request, while they come. */
export interface Body {
  bytes: Buffer
  length: number
}

export const createBody = (): Body => ({ bytes: EMPTY, length: 0 })

/** One piece is kept as it is; more are put together in memory that doubles, so that many small ones cost no more. */
export const appendTo = (body: Body, more: Buffer): void => {
  const { bytes, length } = body
  body.length += more.length
  if (length === 0) {
    body.bytes = more
    return
  }
  if (body.length > bytes.length) {
    body.bytes = Buffer.allocUnsafeSlow(Math.max(body.length, 2 * bytes.length))
    bytes.copy(body.bytes, 0, 0, length)
  }
  more.copy(body.bytes, length)
}

/** All that came. */
export const readBody = ({ bytes, length }: Body): Buffer =>
  bytes.length === length ? bytes : bytes.subarray(0, length)
