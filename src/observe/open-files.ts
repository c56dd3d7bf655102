/** How many files and sockets the process has open, and how many it may: a leak is seen long before `accept` and `open` fail. */
import { readdir, readFile, stat } from 'node:fs/promises'
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
    const [limits, used] = await Promise.all([readFile(`${folder}/limits`, 'utf8'), countIn(`${folder}/fd`)])
    const limit = Number(/^Max open files +(\d+)/m.exec(limits)?.[1])
    return limit > 0 ? { used, limit } : undefined
  } catch {
    return undefined
  }
}

/** Linux tells it as the size of the folder since 6.2; before that it is 0 there, and the names are counted: a slow thing with ten thousand. */
async function countIn(folder: string): Promise<number> {
  const { size } = folder.startsWith('/proc/') ? await stat(folder) : { size: 0 }
  if (size > 0) return size
  // One of them is the folder that is being read.
  return (await readdir(folder)).length - 1
}

export function openFilesCheck(open: OpenFiles | undefined): HealthCheck[] {
  if (open === undefined) return []
  const share = open.used / open.limit
  const detail = `${open.used} of ${open.limit} files and sockets are open`
  if (share < ATTENTION_SHARE) return [{ name: 'open-files', ok: true, detail }]
  const next = 'look for a leak in the diagnostics, or raise the limit (LimitNOFILE of the service)'
  return [{ name: 'open-files', ok: true, detail: `${detail}: ${next}`, attention: true }]
}
