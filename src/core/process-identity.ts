/** Which process it is, so that one that lives is told from one that ended, even when its number has been given to another since. */
import { readFileSync } from 'node:fs'

export interface ProcessIdentity {
  readonly pid: number
  /** Start time of the process in clock ticks since boot; empty where the system does not tell. */
  readonly started: string
  readonly boot: string
}

export const processIdentity = (pid: number): ProcessIdentity => ({
  pid,
  started: startTime(pid),
  boot: readText('/proc/sys/kernel/random/boot_id').trim(),
})

/** `boot` may be the beginning of one. */
export function isAlive(holder: ProcessIdentity): boolean {
  const now = processIdentity(holder.pid)
  if (!now.boot.startsWith(holder.boot)) return false
  if (now.started !== '' || holder.started !== '') return now.started === holder.started
  try {
    process.kill(holder.pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/**
 * Field 22 of /proc/PID/stat, counted after the command name, which may hold spaces. A process that has ended, and that its parent has not
 * asked after (field 3: Z), has none: it uses nothing any more.
 */
function startTime(pid: number): string {
  const stat = readText(`/proc/${pid}/stat`)
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' || fields[0] === 'X' ? '' : (fields[19] ?? '')
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
