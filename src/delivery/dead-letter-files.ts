/** Reading the files of dead letters: the newest for people, all of them as batches for a replay. A line that is torn is passed over. */
import { createReadStream, createWriteStream } from 'node:fs'
import { open, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pipeline } from 'node:stream/promises'
import { SampleBatch } from '../core/batch.ts'
import { fromJsonValue } from '../core/value.ts'
import type { DeadLetter } from './dead-letters.ts'

const BATCH_ROWS = 500
const NEWLINE = 0x0a
/** The newest letters are looked for in so much of the end of a file. */
const TAIL_BYTES = 4 * 2 ** 20

/** At most `limit`, newest first; none when there is no such file. */
export async function newestLetters(path: string, limit: number): Promise<DeadLetter[]> {
  const file = await open(path, 'r').catch(() => undefined)
  if (file === undefined) return []
  try {
    const { size } = await file.stat()
    const from = Math.max(0, size - TAIL_BYTES)
    const bytes = Buffer.alloc(size - from)
    const { bytesRead } = await file.read(bytes, 0, bytes.length, from)
    const lines = bytes.toString('utf8', 0, bytesRead).split('\n')
    // The first line of a part of a file is the end of one.
    if (from > 0) lines.shift()
    const letters = lines.map(parseLetter).filter((letter) => letter !== undefined)
    return letters.reverse().slice(0, limit)
  } finally {
    await file.close()
  }
}

/** Every letter, in order, as batches with their sequence numbers. */
export async function* readBatches(path: string, signal: AbortSignal): AsyncGenerator<SampleBatch> {
  let letters: DeadLetter[] = []
  for await (const line of linesOf(path, signal)) {
    const letter = parseLetter(line)
    if (letter === undefined) continue
    letters.push(letter)
    if (letters.length < BATCH_ROWS) continue
    yield toBatch(letters)
    letters = []
  }
  if (letters.length > 0) yield toBatch(letters)
}

/** How many lines there are; 0 when there is no such file. */
export async function countLines(path: string): Promise<number> {
  let count = 0
  try {
    for await (const line of linesOf(path, new AbortController().signal)) if (line !== '') count++
  } catch (error) {
    if (!isMissing(error)) throw error
  }
  return count
}

/** Ends a line that a power cut or a full disk left half written: what comes behind it is a line of its own. */
export async function endLine(path: string): Promise<void> {
  const file = await open(path, 'r+').catch((error: unknown) => {
    if (!isMissing(error)) throw error
  })
  if (file === undefined) return
  try {
    const { size } = await file.stat()
    const last = Buffer.alloc(1)
    if (size === 0 || (await file.read(last, 0, 1, size - 1), last[0] === NEWLINE)) return
    await file.write('\n', size)
  } finally {
    await file.close()
  }
}

/** Takes the first `count` letters out of a file. */
export async function dropFirst(path: string, count: number): Promise<void> {
  let seen = 0
  await keepOnly(path, () => ++seen > count)
}

/**
 * Takes the letters about what came after `seq` out of all files of a folder, which nobody has open: the log ends there now, and will give
 * those numbers to other samples. Resolves to how many that were.
 */
export async function dropAfter(folder: string, seq: number): Promise<number> {
  let dropped = 0
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.ndjson')) continue
    await keepOnly(join(folder, name), (letter) => {
      const stays = (letter.seq ?? 0) <= seq
      if (!stays) dropped++
      return stays
    })
  }
  return dropped
}

async function keepOnly(path: string, keeps: (letter: DeadLetter) => boolean): Promise<void> {
  const rest = `${path}.part`
  async function* left(): AsyncGenerator<string> {
    for await (const line of linesOf(path, new AbortController().signal)) {
      const letter = parseLetter(line)
      if (letter !== undefined && keeps(letter)) yield `${line}\n`
    }
  }
  await pipeline(left(), createWriteStream(rest, { mode: 0o600, flush: true }))
  await rename(rest, path)
}

/** Puts what is in `from` behind what is in `to`; afterwards there is no `from`. */
export async function moveBehind(from: string, to: string): Promise<void> {
  try {
    await endLine(to)
    await pipeline(createReadStream(from), createWriteStream(to, { flags: 'a', mode: 0o600, flush: true }))
    await rm(from)
  } catch (error) {
    if (!isMissing(error)) throw error
  }
}

const linesOf = (path: string, signal: AbortSignal) =>
  createInterface({ input: createReadStream(path, { signal }), crlfDelay: Infinity })

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT'

function parseLetter(line: string): DeadLetter | undefined {
  try {
    const letter = JSON.parse(line) as DeadLetter
    return typeof letter === 'object' && typeof letter.id === 'number' ? letter : undefined
  } catch {
    return undefined
  }
}

function toBatch(letters: readonly DeadLetter[]): SampleBatch {
  const batch = new SampleBatch(letters.length)
  batch.seq = new Float64Array(letters.length)
  letters.forEach(({ id, type, value, status, t, seq, historical }, row) => {
    const time = t ?? 0
    batch.receivedAt = Math.max(batch.receivedAt, time)
    batch.push(id, type === null ? undefined : fromJsonValue(value, type), status.code, time, historical)
    batch.seq![row] = seq ?? 0
  })
  return batch
}
