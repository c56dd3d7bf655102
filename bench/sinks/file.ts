/**
 * Samples through runner and file sink onto the disk, beside bare appends of the same lines with an fdatasync for as many; each format.
 * Medians of rounds that take turns. A few seconds in all.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Sink, SinkType } from '../../src/core/sink.ts'
import { NdjsonText } from '../../src/formats/row-text.ts'
import { file } from '../../src/sinks/file/sink.ts'
import { batchFrom, interleaved, plantTags, report, throughRunner, type Rate } from './delivery.ts'

const SAMPLES = 200_000
const ROWS = 5000
const ROUNDS = 3

const type = file as unknown as SinkType

/** Runs all and prints a table; resolves with the rates. */
export async function run(): Promise<readonly Rate[]> {
  let folder = ''
  const remove = () => rmSync(folder, { recursive: true, force: true })
  const prepare = async () => {
    if (folder !== '') remove()
    folder = mkdtempSync(join(tmpdir(), 'bifrost-bench-file-'))
  }
  const ours = (format: string) => () =>
    throughRunner(type, { folder, name: 'all-{seq}', format, maxSize: '8MiB' }, SAMPLES, allFinished)
  const candidates = [
    { what: 'runner + file sink, NDJSON', prepare, run: ours('ndjson') },
    { what: 'bare append, NDJSON', prepare, run: () => bare(folder) },
    { what: 'runner + file sink, CSV', prepare, run: ours('csv') },
    { what: 'runner + file sink, Parquet', prepare, run: ours('parquet') },
  ]
  try {
    const rates = await interleaved(candidates, SAMPLES, ROUNDS)
    report('file', 'samples', rates)
    return rates
  } finally {
    remove()
  }
}

/** Files that are converted are part of the work. */
async function allFinished(sink: Sink): Promise<void> {
  while (sink.facts!()['files waiting to be finished'] !== 0) await new Promise((resolve) => setTimeout(resolve, 5))
}

async function bare(folder: string): Promise<void> {
  const text = new NdjsonText({ logId: 'k3f9', tags: plantTags() })
  const handle = await open(join(folder, 'x.ndjson'), 'w')
  for (let seq = 1; seq <= SAMPLES; seq += ROWS) {
    const batch = batchFrom(seq, ROWS)
    let lines = ''
    for (let row = 0; row < ROWS; row++) lines += text.row(batch, row)
    await handle.writeFile(lines)
    await handle.datasync()
  }
  await handle.close()
}

if (import.meta.main) await run()
