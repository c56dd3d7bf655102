/** What a log holds of another gateway's log, read from a data folder that nobody else has open. */
import assert from 'node:assert/strict'
import { SampleBatch } from '../core/batch.ts'
import { systemClock } from '../core/clock.ts'
import { silentLog } from '../core/log.ts'
import { openStore } from '../store/store.ts'

export interface ReceivedSample {
  /** In the log that it is in now. */
  readonly seq: number
  readonly device: string
  readonly tag: string
  readonly value: unknown
  readonly time: number
  readonly status: number
}

export interface ReceivedLog {
  readonly samples: readonly ReceivedSample[]
  /** Reasons of the gaps that are no matter of this log. */
  readonly gaps: readonly { readonly reason: string; readonly samples: number | undefined }[]
}

/** The samples of a client, in the order of the log, without those about the client itself. */
export async function readReceived(dir: string, client: string): Promise<ReceivedLog> {
  const store = await openStore({ dir, clock: systemClock, log: silentLog })
  await store.defineTags([])
  const samples: ReceivedSample[] = []
  const gaps: { reason: string; samples: number | undefined }[] = []
  try {
    for await (const found of store.readAfter(0)) {
      if (!(found instanceof SampleBatch)) {
        if (found.reason.endsWith(` at ${client}`)) gaps.push({ reason: found.reason, samples: found.samples })
        continue
      }
      for (const { seq, tag: id, value, time, status } of found) {
        const { device, settings } = store.tags.get(id)!
        if (device.startsWith(`${client}.`))
          samples.push({ seq: seq!, device: device.slice(client.length + 1), tag: settings.name, value, time, status })
      }
    }
  } finally {
    await store.close()
  }
  return { samples, gaps }
}

/** Each tag's values rise from sample to sample: nothing came twice, nothing out of order. */
export function assertRising(samples: readonly ReceivedSample[]): void {
  const last = new Map<string, number>()
  for (const { device, tag, value } of samples) {
    const key = `${device}/${tag}`
    assert.ok((value as number) > (last.get(key) ?? -1), `${key}: ${String(value)} after ${last.get(key)}`)
    last.set(key, value as number)
  }
}
