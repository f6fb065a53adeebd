import type { Stream } from '../http2/stream.ts'
import { endAnswer, endCall, readMessage, sendMessage, startAnswer, toMessageAnswer } from './call.ts'
import { Code } from './code.ts'
import { createFieldCursor, nextField } from './protobuf-reader.ts'
import { fromByteText, toNumber } from './protobuf-writer.ts'

/** `grpc.health.v1.HealthCheckRequest` and `HealthCheckResponse`. */
const HealthCheckRequest = { service: 1 } as const
const HealthCheckResponse = { status: 1 } as const
const ServingStatus = { SERVING: 1, NOT_SERVING: 2, SERVICE_UNKNOWN: 3 } as const

/** `grpc.health.v1.Health`: one state for all services of the list. */
export interface Health {
  readonly check: (call: Stream) => void
  readonly watch: (call: Stream) => void
  readonly setServing: (isServing: boolean) => void
  /** Ends what is watched. */
  readonly close: () => void
}

/** NOT_SERVING until told otherwise. */
export const createHealth = (services: readonly string[]): Health => {
  /** Who watches, and whether it is a service of ours. */
  const watchers = new Map<Stream, boolean>()
  let status: number = ServingStatus.NOT_SERVING
  let isClosed = false
  const stopWatching = (call: Stream): void => {
    watchers.delete(call)
    endAnswer(call)
  }
  /** Whether the service that is asked about is one of ours; undefined when the call was ended. */
  const readService = (call: Stream): boolean | undefined => {
    const message = readMessage(call)
    if (!message) return undefined
    const service = parseService(message)
    if (service === undefined) return endCall(call, Code.INTERNAL, 'the message is no HealthCheckRequest')
    return services.includes(service)
  }

  return {
    check: (call) => {
      const isKnown = readService(call)
      if (isKnown === false) endCall(call, Code.NOT_FOUND, 'no such service')
      if (isKnown) call.outflow.answer(call, toMessageAnswer(toStatus(status)))
    },
    watch: (call) => {
      const isKnown = readService(call)
      if (isKnown === undefined) return
      startAnswer(call)
      sendMessage(call, toStatus(isKnown ? status : ServingStatus.SERVICE_UNKNOWN))
      // It was on its way when all others were ended.
      if (isClosed) return endAnswer(call)
      watchers.set(call, isKnown)
      call.onReset = () => stopWatching(call)
    },
    setServing: (isServing) => {
      const next = isServing ? ServingStatus.SERVING : ServingStatus.NOT_SERVING
      if (next === status) return
      status = next
      for (const [call, isKnown] of watchers) if (isKnown) sendMessage(call, toStatus(status))
    },
    close: () => {
      isClosed = true
      for (const call of watchers.keys()) stopWatching(call)
    },
  }
}

const toStatus = (status: number): Buffer => fromByteText(toNumber(HealthCheckResponse.status, status))

const parseService = (message: Buffer): string | undefined => {
  let service = ''
  const cursor = createFieldCursor()
  try {
    while (nextField(message, cursor, message.length)) {
      if (cursor.field === HealthCheckRequest.service) service = message.toString('utf8', cursor.start, cursor.end)
    }
  } catch {
    return undefined
  }
  return service
}
