/** Loaded into a gate: on SIGUSR2 it prints how long its event loop was busy at most since the last time. */
let held = 0
let own = 0
let last = performance.now()
let cpu = process.threadCpuUsage()
setInterval(() => {
  const now = performance.now()
  const { user, system } = process.threadCpuUsage(cpu)
  held = Math.max(held, now - last - 1)
  // What the thread itself did, in milliseconds: it does not count while other programs have the processor.
  own = Math.max(own, (user + system) / 1_000)
  last = now
  cpu = process.threadCpuUsage()
}, 1).unref()
process.on('SIGUSR2', () => {
  process.stdout.write(`${JSON.stringify({ msg: 'probe', held, own })}\n`)
  held = 0
  own = 0
})
