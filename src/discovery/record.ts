/**
 * A scan on record: lines in the audit file of the gateway whose configuration allowed it, beside those of writes. Where the gateway
 * has never run there is no folder for it, and nothing is kept.
 */
import { constants } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** What is said of a scan, once before the first connection and once after the last, with the same id. */
export interface ScanRecord {
  readonly id: string
  /** ISO 8601, UTC. */
  readonly time: string
  /** The user of the system. */
  readonly from: string
  /** Networks, ports and rate. */
  readonly what: string
  /** `requested`, or what came of it. */
  readonly outcome: string
}

/** Appends a line to the audit file in this data folder. False: there is no such folder. Rejects when it cannot be written. */
export async function recordScan(data: string, { id, time, from, what, outcome }: ScanRecord): Promise<boolean> {
  const folder = await stat(data).catch(() => undefined)
  if (folder?.isDirectory() !== true) return false
  const line = JSON.stringify({ id, time, from, device: null, action: 'scan', what, outcome })
  const file = await open(
    join(data, 'audit.ndjson'),
    constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT,
    0o600,
  )
  try {
    // Made by root it would keep the gateway from writing its own lines.
    if (process.getuid?.() === 0) await file.chown(folder.uid, folder.gid)
    await file.write(`${line}\n`)
    await file.sync()
    return true
  } finally {
    await file.close()
  }
}
