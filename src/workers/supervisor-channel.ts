import type { OpenOps } from '../ops/listen.ts'
import type { FromWorker, ToWorker } from './message.ts'

/** In a worker, stands for an ops listener: the supervisor asks for what that would show. */
export const openSupervisorChannel: OpenOps = ({ registry, readiness, documents }) => {
  const answer = async (message: ToWorker): Promise<void> => {
    if (message.kind !== 'ask') return
    const metrics = await registry.getMetricsAsJSON()
    tellSupervisor({
      kind: 'state',
      turn: message.turn,
      state: { readiness: readiness(), documents: documents(), metrics },
    })
  }
  process.on('message', answer)
  return {
    address: 'the supervisor’s',
    close: async () => {
      process.off('message', answer)
    },
  }
}

/** Says something to the supervisor, if it is still there. */
export const tellSupervisor = (message: FromWorker): void => {
  if (process.connected) process.send?.(message)
}

/** Calls back when this worker is to end: each time the supervisor says so, and when that is gone. */
export const onDrainAsked = (drain: (why: object) => void): void => {
  process.on('message', ({ kind }: ToWorker) => {
    if (kind === 'drain') drain({ supervisor: 'asks' })
  })
  process.on('disconnect', () => drain({ supervisor: 'gone' }))
}
