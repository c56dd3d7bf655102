/** How many files and sockets the process has open, and how many it may: a leak is seen long before `accept` and `open` fail. */
import { readdir, readFile } from 'node:fs/promises'
import type { HealthCheck } from './health.ts'

/** From this share on somebody should look. */
const ATTENTION_SHARE = 0.8

export interface OpenFiles {
  readonly used: number
  readonly limit: number
}

/** Undefined where the system does not say (only Linux does). */
export async function openFilesNow(folder = '/proc/self'): Promise<OpenFiles | undefined> {
  try {
    const [limits, open] = await Promise.all([readFile(`${folder}/limits`, 'utf8'), readdir(`${folder}/fd`)])
    const limit = Number(/^Max open files +(\d+)/m.exec(limits)?.[1])
    // One of them is the folder that was read.
    return limit > 0 ? { used: open.length - 1, limit } : undefined
  } catch {
    return undefined
  }
}

export function openFilesCheck(open: OpenFiles | undefined): HealthCheck[] {
  if (open === undefined) return []
  const share = open.used / open.limit
  const detail = `${open.used} of ${open.limit} files and sockets are open`
  if (share < ATTENTION_SHARE) return [{ name: 'open-files', ok: true, detail }]
  const next = 'look for a leak in the diagnostics, or raise the limit (LimitNOFILE of the service)'
  return [{ name: 'open-files', ok: true, detail: `${detail}: ${next}`, attention: true }]
}
