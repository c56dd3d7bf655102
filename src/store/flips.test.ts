/**
 * 10,000 single-bit flips and truncations of segments: every one is noticed, a flip costs at most its frame, a truncation exactly what
 * lay past the cut, the store opens, a gap says what is missing, and the ledger adds up. BIFROST_SEED repeats a run.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SampleBatch } from '../core/batch.ts'
import type { Cursor, Ledger } from '../core/cursor.ts'
import { silentLog } from '../core/log.ts'
import type { Gap } from '../core/sink.ts'
import type { Value } from '../core/value.ts'
import { tagSettings } from '../testing/delivery-rig.ts'
import { randomFrom, reportFault, SEED } from '../testing/fault-table.ts'
import { settle, VirtualClock } from '../testing/virtual-clock.ts'
import { crc32c } from './crc32c.ts'
import { frameAt, FRAME_HEADER_BYTES, FrameKind } from './log/frame.ts'
import { MemoryFiles } from './memory-files.ts'
import { openStore, type Store, type StoreOptions } from './store.ts'

const DAMAGES = Number(process.env.BIFROST_FLIPS ?? 10_000)
const TAGS = 4

const open = (files: MemoryFiles, more: Partial<StoreOptions> = {}): Promise<Store> =>
  openStore({
    dir: '/data',
    clock: new VirtualClock(),
    log: silentLog,
    files,
    reserveBlock: 1000,
    segmentBytes: 4096,
    ...more,
  })

async function life(files: MemoryFiles, frames: number, rows: number): Promise<Store> {
  const store = await open(files)
  const tags = Array.from({ length: TAGS }, (_, at) => ({ device: 'press', settings: tagSettings(`t${at}`) }))
  await store.defineTags(tags)
  await store.openCursor('audit')
  for (let frame = 0; frame < frames; frame++) {
    const batch = new SampleBatch(rows + 1, 1000 + frame)
    for (let row = 0; row < rows; row++) batch.push(1 + (row % TAGS), Math.sin(frame * rows + row) * 1e6, 0)
    if (frame === 1) batch.push(1, 'a string in between', 0)
    store.append(batch)
    await store.flush()
  }
  return store
}

/** Three segments: one that recovery sealed, one with the gap of an unclean stop that was sealed, one that was not. */
async function dense(): Promise<MemoryFiles> {
  let files = new MemoryFiles()
  await life(files, 3, 12)
  files = files.afterPowerCut()
  await (await life(files, 4, 12)).close()
  await life(files, 4, 12)
  return files.afterPowerCut()
}

/** A log at its bound, whose oldest segments were thinned. */
async function thinned(): Promise<MemoryFiles> {
  const files = new MemoryFiles()
  const clock = new VirtualClock()
  const store = await open(files, { clock, tailRows: 64, retention: { maxBytes: 14_000, policy: 'thin-oldest' } })
  await store.openCursor('audit')
  for (let second = 0; second < 70; second++) {
    const batch = new SampleBatch(20, clock.now())
    for (let row = 0; row < 20; row++)
      batch.push(1 + (row % TAGS), Math.sin(second * 20 + row) * 1e6, row === 7 ? 0x8000_0000 : 0)
    store.append(batch)
    await store.flush()
    await clock.advance(1000)
    await settle()
  }
  await store.close()
  return files
}

interface Found {
  readonly rows: ReadonlyMap<number, readonly [tag: number, value: Value | undefined, status: number]>
  readonly gaps: readonly Gap[]
  readonly ledger: Ledger
  readonly corruptFrames: number
  readonly nextSeq: number
}

/** Opens the folder and takes all of it. */
async function readAll(files: MemoryFiles): Promise<Found> {
  const store = await open(files)
  const cursor: Cursor = await store.openCursor('audit')
  const rows = new Map<number, readonly [number, Value | undefined, number]>()
  const gaps: Gap[] = []
  let last = 0
  while (cursor.ledger().pending > 0) {
    const got = await cursor.next(1000, new AbortController().signal)
    if (got instanceof SampleBatch) {
      for (const { tag, value, status, seq } of got) {
        assert.ok(seq! > last, `${seq} came after ${last}`)
        last = seq!
        rows.set(seq!, [tag, value, status])
      }
      cursor.ack(last, { delivered: got.length })
    } else {
      gaps.push(got)
      cursor.ack(got.toSeq, { delivered: 0 })
    }
  }
  const { corruptFrames, nextSeq } = store.info()
  const ledger = cursor.ledger()
  await store.close()
  return { rows, gaps, ledger, corruptFrames, nextSeq }
}

/** The folder with other bytes in one of its files. */
function withFile(files: MemoryFiles, path: string, bytes: Uint8Array): MemoryFiles {
  const copy = new MemoryFiles()
  for (const other of files.paths(/./)) copy.put(other, other === path ? bytes : files.get(other))
  return copy
}

interface Piece {
  readonly what: string
  readonly start: number
  readonly end: number
  readonly firstSeq: number
  readonly endSeq: number
}

/** Header, frames and trailer of a segment. */
function piecesOf(bytes: Buffer): Piece[] {
  const pieces: Piece[] = [{ what: 'header', start: 0, end: 64, firstSeq: 0, endSeq: 0 }]
  let at = 64
  for (let head = frameAt(bytes, at); head !== undefined; head = frameAt(bytes, at)) {
    const { kind } = head
    const what = Object.entries(FrameKind).find(([, known]) => known === kind)![0]
    const end = at + FRAME_HEADER_BYTES + head.payloadLength
    pieces.push({ what, start: at, end, firstSeq: head.firstSeq, endSeq: head.firstSeq + head.count })
    at = end
  }
  if (at < bytes.length) pieces.push({ what: 'trailer', start: at, end: bytes.length, firstSeq: 0, endSeq: 0 })
  return pieces
}

const holdsRows = ({ what }: Piece): boolean => what === 'samples' || what === 'thinned'
const isWithin = (seq: number, pieces: readonly Piece[]): boolean =>
  pieces.some((piece) => holdsRows(piece) && seq >= piece.firstSeq && seq < piece.endSeq)

/** What was found after damage to these pieces, held against what was there before. Returns how many rows are gone. */
function judge(what: string, before: Found, after: Found, damaged: readonly Piece[]): number {
  const lost = [...before.rows.keys()].filter((seq) => !after.rows.has(seq))
  for (const [seq, row] of after.rows) assert.deepEqual(row, before.rows.get(seq), `${what}: the content of ${seq}`)
  for (const seq of lost) {
    assert.ok(isWithin(seq, damaged), `${what} cost ${seq}, which lay elsewhere`)
    const isTold = after.gaps.some(({ fromSeq, toSeq }) => fromSeq <= seq && seq <= toSeq)
    // The newest samples of an unclean stop lie behind the last row: nobody waits for what follows.
    assert.ok(isTold || seq > Math.max(0, ...after.rows.keys()), `${what}: no gap tells of ${seq}`)
  }
  assert.ok(after.nextSeq >= before.nextSeq, `${what}: numbers are given again`)
  const { routed, delivered, pending, dropped } = after.ledger
  const letGo = Object.values(dropped).reduce((sum, count) => sum + count, 0)
  assert.equal(routed, delivered + pending + letGo, `${what}: the ledger does not add up`)
  assert.equal(delivered, after.rows.size)
  return lost.length
}

function flipped(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[bit >> 3]! ^= 1 << (bit & 7)
  return copy
}

const pick = <T>(from: readonly T[], random: () => number): T => from[Math.floor(random() * from.length)]!

async function corpora(): Promise<{ files: MemoryFiles; path: string; before: Found }[]> {
  const found = []
  for (const files of [await dense(), await thinned()]) {
    const before = await readAll(withFile(files, '', Buffer.alloc(0)))
    // Of the thinned log: one that was thinned, and the newest.
    const paths = files.paths(/\.seg$/)
    const chosen = paths.length <= 3 ? paths : [paths[0]!, paths.at(-1)!]
    found.push(...chosen.map((path) => ({ files, path, before })))
  }
  return found
}

test(`${DAMAGES} flips and truncations: each is noticed, costs no more than it must, and is told`, async (t) => {
  const random = randomFrom(SEED)
  const all = await corpora()
  const kinds = new Map<string, number>()
  let lost = 0
  for (let run = 0; run < DAMAGES; run++) {
    const { files, path, before } = all[run % all.length]!
    const bytes = files.get(path)
    const pieces = piecesOf(bytes)
    // Each kind of piece as often as the others, whatever its length; one in four is a truncation.
    const kind = pick([...new Set(pieces.map((one) => one.what))], random)
    const piece = pick(
      pieces.filter((one) => one.what === kind),
      random,
    )
    const at = piece.start + Math.floor(random() * (piece.end - piece.start))
    const isCut = run % 4 === 3
    const bit = at * 8 + Math.floor(random() * 8)
    const what = `${path} ${isCut ? `cut at ${at}` : `bit ${bit}`} (${piece.what}), seed ${SEED}`
    const damage = isCut ? bytes.subarray(0, at) : flipped(bytes, bit)
    const after = await readAll(withFile(files, path, damage))
    const damaged = isCut ? pieces.filter(({ end }) => end > at) : [piece]
    lost += judge(what, before, after, damaged)
    if (!isCut) assert.ok(after.corruptFrames > before.corruptFrames, `${what} was not noticed`)
    else for (const seq of before.rows.keys()) assert.ok(!isWithin(seq, damaged) || !after.rows.has(seq), what)
    kinds.set(piece.what, (kinds.get(piece.what) ?? 0) + 1)
  }
  for (const kind of ['header', 'dictionary', 'samples', 'gap', 'thinned', 'footer', 'trailer'])
    assert.ok((kinds.get(kind) ?? 0) > DAMAGES / 100, `only ${kinds.get(kind)} damages of ${kind}`)
  const remark = `${lost} samples were in damaged frames, each told by a gap; ${[...kinds].map(([kind, count]) => `${kind} ${count}`).join(', ')}; seed ${SEED}`
  reportFault(t, {
    fault: 'bit flips and truncations of segments',
    runs: DAMAGES,
    losses: 0,
    duplicates: 0,
    control: 'below',
    remark,
  })
})

test('the control, a flip whose checksum is made to fit, is not noticed by the store and is by this test', async (t) => {
  const [{ files, path, before }] = (await corpora()) as [Awaited<ReturnType<typeof corpora>>[number]]
  const bytes = files.get(path)
  const piece = piecesOf(bytes).find(holdsRows)!
  let wrong = 0
  for (let bit = (piece.start + FRAME_HEADER_BYTES + 100) * 8; bit < piece.end * 8; bit += 7) {
    const copy = flipped(bytes, bit)
    copy.writeUInt32LE(crc32c(copy.subarray(piece.start + 8, piece.end)), piece.start + 4)
    const after = await readAll(withFile(files, path, copy)).catch(() => undefined)
    if (after === undefined) continue
    try {
      judge(`bit ${bit}`, before, after, [piece])
    } catch {
      wrong++
    }
  }
  reportFault(t, {
    fault: 'bit flips, checksum made to fit',
    runs: wrong,
    losses: wrong,
    duplicates: 0,
    control: 'is one',
    remark: 'wrong values that only the comparison sees',
  })
  assert.ok(wrong > 0)
})
