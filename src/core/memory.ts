/** How much memory this process may take. */
import { readFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import { join } from 'node:path'

/** What cgroups say where there is no limit is near 2⁶³; no machine has a pebibyte. */
const NO_LIMIT = 2 ** 50
/** What `BIFROST_MEMORY=small` is for (docs/decisions/0004-memory.md). */
const SMALL_BYTES = 256 * 2 ** 20

/**
 * The least limit of the control groups that this process is in, of either version, bytes; null: there is none. A pod or a slice may have one where
 * the group itself has none. `memory.high` counts: beyond it the process is slowed down.
 */
export function cgroupLimitBytes(proc = '/proc/self/cgroup', mount = '/sys/fs/cgroup'): number | null {
  const limits = groupsOf(contentOf(proc) ?? '').flatMap(({ folder, path, files }) =>
    ancestorsOf(path).flatMap((group) => files.map((file) => limitIn(join(mount, folder, group, file)))),
  )
  const least = Math.min(...limits)
  return least < NO_LIMIT ? least : null
}

/** The limit of the control groups, or what the machine has where that is less, bytes; `BIFROST_MEMORY=small` says 256 MiB at most. */
export function memoryLimitBytes(): number {
  const asked = process.env.BIFROST_MEMORY === 'small' ? SMALL_BYTES : Infinity
  return Math.min(cgroupLimitBytes() ?? Infinity, totalmem(), asked)
}

/** Lines are `0::/path` for version 2 and `4:memory:/path` for version 1 (cgroups(7)). */
function groupsOf(lines: string): { folder: string; path: string; files: string[] }[] {
  return lines.split('\n').flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? []
    if (path === undefined) return []
    if (controllers === '') return [{ folder: '', path, files: ['memory.max', 'memory.high'] }]
    return controllers!.split(',').includes('memory')
      ? [{ folder: 'memory', path, files: ['memory.limit_in_bytes'] }]
      : []
  })
}

/** Of `/a/b`: itself, `/a` and `/`. In a container the path may be that of the host, or lead out of what is mounted: then `/` alone is there. */
function ancestorsOf(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '')
  if (parts.includes('..')) return ['']
  return parts.map((_, at) => parts.slice(0, parts.length - at).join('/')).concat('')
}

/** Infinity for `max`, for nothing, and where there is no such file. */
function limitIn(file: string): number {
  const limit = Number(contentOf(file)?.trim() || NaN)
  return limit > 0 ? limit : Infinity
}

function contentOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
