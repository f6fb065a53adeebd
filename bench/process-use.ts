import { readFileSync } from 'node:fs'

/** All the time of CPU that processes have used, their children's that have ended not counted, in microseconds. */
export const readCpu = (pids: readonly number[]): number => sumOf(pids, readCpuOfOne)

const readCpuOfOne = (pid: number): number => {
  const [user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
    .slice(11, 13)
  return (Number(user) + Number(system)) * 10_000
}

/** Of running processes, in megabytes: what they hold now, and the most that they held. */
export const readMemory = (pids: readonly number[], field: 'VmRSS' | 'VmHWM'): number =>
  sumOf(pids, (pid) => {
    const [, kilobytes] = new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return Number(kilobytes) / 1_000
  })

const sumOf = (pids: readonly number[], read: (pid: number) => number): number =>
  pids.reduce((sum, pid) => sum + read(pid), 0)
