import { Counter, type Registry } from 'prom-client'
import type { Verdict } from '../core/verdict.ts'

interface Count {
  readonly kind: Verdict['kind']
  value: number
}

/**
 * Adds the number of checks by route, verdict and reason to the metrics; returns what is told of each verdict. prom-client
 * makes a text of all labels each time that it counts: so it is told when it is asked.
 */
export const countChecks = (registry: Registry): ((verdict: Verdict) => void) => {
  /** By route and reason: no two kinds of verdict have a reason in common. */
  const counts = new Map<string, Map<Verdict['reason'], Count>>()
  new Counter({
    name: 'bearergate_checks_total',
    help: 'Checks by route, verdict and reason.',
    labelNames: ['route', 'verdict', 'reason'],
    registers: [registry],
    collect() {
      this.reset()
      for (const [route, byReason] of counts) {
        for (const [reason, { kind, value }] of byReason) this.inc({ route, verdict: kind, reason }, value)
      }
    },
  })
  return ({ route = '', kind, reason }) => {
    const byReason = counts.get(route) ?? new Map<Verdict['reason'], Count>()
    const count = byReason.get(reason)
    if (count) count.value += 1
    else counts.set(route, byReason.set(reason, { kind, value: 1 }))
  }
}
