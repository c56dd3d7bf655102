/** What the machine gives the gateway: memory, disk, processor. Read when somebody asks, and not more often than once in a while. */
import { lstat, readdir, statfs } from 'node:fs/promises'
import { availableParallelism, hostname, loadavg, platform, totalmem } from 'node:os'
import { join } from 'node:path'
import { getHeapStatistics } from 'node:v8'
import type { Clock } from '../../core/clock.ts'
import { cgroupLimitBytes } from '../../core/memory.ts'
import { Slice } from '../../core/slice.ts'

export interface DiskSpace {
  readonly totalBytes: number
  /** What the user of the gateway may still fill. */
  readonly freeBytes: number
}

export interface DiskUse extends DiskSpace {
  /** Of the data folder; null: it has more files than are looked at. */
  readonly usedByGatewayBytes: number | null
}

/** Looking at a folder of this many files is given up. */
const MOST_FILES = 50_000
const DISK_EVERY_MS = 30_000

export function memoryNow() {
  const heap = getHeapStatistics()
  return {
    rssBytes: process.memoryUsage.rss(),
    heapUsedBytes: heap.used_heap_size,
    heapLimitBytes: heap.heap_size_limit,
    machineBytes: totalmem(),
    cgroupLimitBytes: cgroupLimitBytes(),
  }
}

export function processorNow() {
  return {
    cores: availableParallelism(),
    // Windows has none and says zeros.
    loadAverage: platform() === 'win32' ? null : loadavg().map((load) => Math.round(load * 100) / 100),
  }
}

export const hostName = (): string => hostname()

/** The disk of a folder, looked at anew when half a minute has passed. */
export const watchDisk = (folder: string, clock: Clock): (() => Promise<DiskUse | null>) =>
  lookedAt(clock, () => diskOf(folder))

/** The same without a look at the files, of which there may be many: a scrape does not wait for that. */
export const watchSpace = (folder: string, clock: Clock): (() => Promise<DiskSpace | null>) =>
  lookedAt(clock, () => spaceOf(folder))

function lookedAt<Found>(clock: Clock, look: () => Promise<Found>): () => Promise<Found | null> {
  let known: Promise<Found | null> | undefined
  let at = -Infinity
  return () => {
    const now = clock.monotonic()
    if (known === undefined || now - at > DISK_EVERY_MS) {
      at = now
      known = look().catch(() => null)
    }
    return known
  }
}

async function spaceOf(folder: string): Promise<DiskSpace> {
  const { bsize, blocks, bavail } = await statfs(folder)
  return { totalBytes: blocks * bsize, freeBytes: bavail * bsize }
}

async function diskOf(folder: string): Promise<DiskUse> {
  return { ...(await spaceOf(folder)), usedByGatewayBytes: await bytesIn(folder) }
}

/** What the files of a folder take on the disk; links are not followed. */
async function bytesIn(top: string): Promise<number | null> {
  const folders = [top]
  const slice = new Slice()
  let bytes = 0
  let files = 0
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
    for (const entry of entries) {
      if (++files > MOST_FILES) return null
      const path = join(folder, entry.name)
      if (entry.isDirectory()) folders.push(path)
      // A file may be gone by now: segments come and go.
      else bytes += await lstat(path).then(({ blocks }) => blocks * 512).catch(() => 0) // prettier-ignore
      await slice.breathe()
    }
  }
  return bytes
}
