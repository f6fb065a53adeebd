import test from 'ava'
import { toDeadline } from '../../src/grpc/deadline.ts'

for (const [timeout, deadline] of [
  ['200m', 1_200],
  ['1S', 2_000],
  ['2M', 121_000],
  ['1H', 3_601_000],
  ['500000u', 1_500],
  ['1000000n', 1_001],
  ['99999999S', 100_000_000_000],
  ['123456789m', undefined],
  ['', undefined],
  ['5', undefined],
  ['-5m', undefined],
  ['5s', undefined],
  ['1.5S', undefined],
  [undefined, undefined],
] as const) {
  test(`grpc-timeout ${timeout} at 1000 ends at ${deadline}`, (t) => {
    t.is(toDeadline(timeout, 1_000), deadline)
  })
}
