/** The sink suite over folders of this machine: each format, with files that are finished again and again while it runs. */
import { mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { SinkType } from '../../core/sink.ts'
import { temporaryFolder } from '../../testing/peers.ts'
import { sinkSuite, type SinkPeer } from '../../testing/sink-suite.ts'
import { filesBelow, rowsOf, type WrittenRow } from '../../testing/written-files.ts'
import { file } from './sink.ts'

const type = file as unknown as SinkType

/** Reads the files again and again: a file keeps its rows when it is finished, under another name. */
function readerOf(folder: string) {
  const rows = new Map<string, readonly WrittenRow[]>()
  let reading: Promise<void> | undefined
  const read = async (): Promise<void> => {
    for (const path of filesBelow(folder).filter((name) => !name.endsWith('.making'))) {
      const found = await rowsOf(path).catch(() => [])
      const key = path.replace(/(\.gz|\.zst|\.part)+$/, '')
      if (found.length > (rows.get(key)?.length ?? 0)) rows.set(key, found)
    }
  }
  return (): WrittenRow[] => {
    reading ??= read()
      .catch(() => undefined)
      .finally(() => (reading = undefined))
    return [...rows.values()].toSorted((a, b) => a[0]!.seq - b[0]!.seq).flat()
  }
}

async function peerOf(t: TestContext, options: object): Promise<SinkPeer> {
  const root = temporaryFolder(t)
  const folder = join(root, 'out')
  mkdirSync(folder)
  const rows = readerOf(folder)
  return {
    options: { folder, maxRow: 4000, ...options },
    delivered: () =>
      rows()
        .filter((row) => row.type !== 'gap')
        .map(({ device, tag, value, status, time, log, seq, historical }) => {
          return { device: device!, tag: tag!, value, status, time, log, seq, historical }
        }),
    gaps: () =>
      rows()
        .filter((row) => row.type === 'gap')
        .map(({ value }) => value as ReturnType<SinkPeer['gaps']>[number]),
    stop: async () => renameSync(folder, join(root, 'away')),
    start: async () => renameSync(join(root, 'away'), folder),
    refusedValue: 'x'.repeat(5000),
  }
}

sinkSuite('file, NDJSON, one file', type, (t) => peerOf(t, { name: 'all-{seq}' }))
sinkSuite('file, NDJSON by device', type, (t) => peerOf(t, { maxSize: 4096 }))
sinkSuite('file, NDJSON in zstd', type, (t) => peerOf(t, { name: 'all-{seq}', maxSize: 4096, compress: 'zstd' }))
sinkSuite('file, CSV', type, (t) => peerOf(t, { name: 'all-{seq}', format: 'csv' }))
sinkSuite('file, CSV in gzip', type, (t) =>
  peerOf(t, { name: 'all-{seq}', format: 'csv', maxSize: 4096, compress: 'gzip' }),
)
sinkSuite('file, Parquet', type, (t) => peerOf(t, { name: 'all-{seq}', format: 'parquet', maxSize: 16_384 }))
