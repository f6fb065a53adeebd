import type { ServerHttp2Stream } from 'node:http2'
import { endCall, readMessage, sendMessage, startAnswer, toFrame } from './call.ts'
import { Code } from './code.ts'
import { readFields } from './protobuf-reader.ts'
import { fromByteText, toNumber } from './protobuf-writer.ts'

/** `grpc.health.v1.HealthCheckRequest` and `HealthCheckResponse`. */
const HealthCheckRequest = { service: 1 } as const
const HealthCheckResponse = { status: 1 } as const
const ServingStatus = { SERVING: 1, NOT_SERVING: 2, SERVICE_UNKNOWN: 3 } as const

/** `grpc.health.v1.Health`: one state for all services of the list. */
export interface Health {
  readonly check: (stream: ServerHttp2Stream) => void
  readonly watch: (stream: ServerHttp2Stream) => void
  readonly setServing: (isServing: boolean) => void
  /** Ends what is watched. */
  readonly close: () => void
}

/** NOT_SERVING until told otherwise. */
export const createHealth = (services: readonly string[]): Health => {
  /** Who watches, and whether it is a service of ours. */
  const watchers = new Map<ServerHttp2Stream, boolean>()
  let status: number = ServingStatus.NOT_SERVING
  const say = (value: number): Buffer => toFrame(fromByteText(toNumber(HealthCheckResponse.status, value)))
  const readService = (stream: ServerHttp2Stream, onService: (isKnown: boolean) => void): void =>
    readMessage(stream, (message) => {
      const service = parseService(message)
      if (service === undefined) endCall(stream, Code.INTERNAL, 'the message is no HealthCheckRequest')
      else onService(services.includes(service))
    })

  return {
    check: (stream) =>
      readService(stream, (isKnown) => {
        if (!isKnown) endCall(stream, Code.NOT_FOUND, 'no such service')
        else sendMessage(stream, say(status))
      }),
    watch: (stream) =>
      readService(stream, (isKnown) => {
        if (!startAnswer(stream)) return
        stream.write(say(isKnown ? status : ServingStatus.SERVICE_UNKNOWN))
        watchers.set(stream, isKnown)
        stream.on('close', () => watchers.delete(stream))
      }),
    setServing: (isServing) => {
      const next = isServing ? ServingStatus.SERVING : ServingStatus.NOT_SERVING
      if (next === status) return
      status = next
      for (const [stream, isKnown] of watchers) if (isKnown) stream.write(say(status))
    },
    close: () => {
      for (const stream of watchers.keys()) stream.end()
    },
  }
}

const parseService = (message: Buffer): string | undefined => {
  let service = ''
  try {
    readFields(message, 0, message.length, (field, start, end) => {
      if (field === HealthCheckRequest.service) service = message.toString('utf8', start, end)
    })
  } catch {
    return undefined
  }
  return service
}
