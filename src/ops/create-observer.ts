import type { Logger } from 'pino'
import { toDecisionLine } from './decision-line.ts'
import type { Metrics } from './metrics.ts'
import type { Observer, TurnedAway } from './observer.ts'

/** Logs and counts what happens. `logsAll` says whether requests that were let through get a line too. */
export const createObserver = (log: Logger, metrics: Metrics, logsAll: () => boolean): Observer => ({
  reloaded: (what, name, problems) => {
    metrics.reloaded(what, problems.length > 0 ? 'failed' : 'ok')
    if (problems.length > 0)
      log.error({ what, name, problems }, 'not all of it could be read: the last good state stays')
    else log.info({ what, name }, 'read')
  },
  decided: (request, verdict, milliseconds) => {
    metrics.decided(verdict, milliseconds)
    if (verdict.kind === 'ok' && !logsAll()) return
    log.info(toDecisionLine(request, verdict, milliseconds), verdict.kind)
  },
  turnedAway: (reason, address) => {
    metrics.turnedAway(reason)
    log.warn({ reason, address }, TURNED_AWAY[reason])
  },
  cached: metrics.cached,
  away: (issuer, problem) => {
    if (problem === undefined) log.info({ issuer }, 'answers about its tokens')
    else log.error({ issuer, problem }, 'does not answer about its tokens: they get 503')
  },
  asked: metrics.asked,
  lookedUp: metrics.lookedUp,
  fault: (error) => {
    metrics.fault()
    log.error({ err: error }, 'fault: an exception became an error verdict')
  },
})

const TURNED_AWAY: Record<TurnedAway, string> = {
  no_door: 'turned away: no door of the configuration has the path that was asked',
  untrusted_peer: 'turned away: this address is not among the trustedProxies of the door',
}
