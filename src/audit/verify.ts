/**
 * Finds what was done to an audit log past the gateway: a line that was changed, removed, added, moved or copied, an end that was cut off, a
 * file that is another one. Each finding names file and line. Needs no gateway, and without the key follows the hashes alone.
 */
import { join } from 'node:path'
import { setImmediate as breathe } from 'node:timers/promises'
import type { Signer } from '../secrets/secrets.ts'
import { readWhole, type FileSystem } from '../store/files.ts'
import { readAnchor } from './anchor.ts'
import { countWaiting } from './inbox.ts'
import { auditFiles, beginningOf, decodeLine, fileNameOf, follows, isSignedBy, REMOVE, splitLines, GENESIS, type Beginning, type Place } from './line.ts' // prettier-ignore

export interface Finding {
  readonly file: string
  /** From 1; null: it concerns the whole file. */
  readonly line: number | null
  /** The number that the line says it has. */
  readonly n: number | null
  readonly problem: string
}

export interface Verdict {
  readonly ok: boolean
  /** The first hundred. */
  readonly findings: readonly Finding[]
  readonly files: number
  readonly lines: number
  /** The first line that is there, and the last one. */
  readonly from: number | null
  readonly last: Place | null
  /** False: the key is not here, so that only the hashes were followed. */
  readonly signatures: boolean
  /** Events of the command line that no gateway has taken yet. */
  readonly waiting: number
}

export interface VerifyOptions {
  /** The signer of a key; undefined where it is not here. Absent: no key is here at all. */
  readonly signerOf?: ((keyId: string) => Signer | undefined) | undefined
  readonly keyIds?: readonly string[] | undefined
  /** What the gateway said of its last lines elsewhere, as in its own log. */
  readonly anchors?: readonly Place[] | undefined
  /** Of a log that is being written: the last line that counts. */
  readonly upTo?: Place | undefined
}

const MOST_FINDINGS = 100
const LINES_A_TURN = 200

/** Reads all files of a folder. Rejects where they cannot be read. */
export async function verifyAudit(files: FileSystem, folder: string, options: VerifyOptions = {}): Promise<Verdict> {
  const check = new Check(options)
  const names = auditFiles(await files.list(folder).catch(() => []))
  for (const name of names) {
    const bytes = await readWhole(files, join(folder, name))
    if (bytes === undefined) check.find(name, null, null, 'was there a moment ago and is gone')
    else await check.file(name, bytes)
    if (check.isOver) break
  }
  check.first()
  await checkEnd(check, files, folder, options)
  const { findings, lines, from, last } = check
  const signatures = options.signerOf !== undefined
  const waiting = await countWaiting(folder)
  return {
    ok: findings.length === 0,
    findings: findings.slice(0, MOST_FINDINGS),
    files: names.length,
    lines,
    from: from ?? null,
    last: last === undefined ? null : { n: last.n, hash: last.hash ?? '' },
    signatures,
    waiting,
  }
}

/** The end against the anchor, or against what the gateway knows. */
async function checkEnd(check: Check, files: FileSystem, folder: string, options: VerifyOptions): Promise<void> {
  const { upTo, signerOf, keyIds = [], anchors = [] } = options
  for (const anchor of anchors) check.anchored(anchor, 'the anchor that was given')
  if (upTo !== undefined) return check.anchored(upTo, 'the running gateway')
  const signers = signerOf && keyIds.map(signerOf).filter((signer) => signer !== undefined)
  const { anchor, damaged } = await readAnchor(files, folder, signers)
  if (damaged) check.find('head', null, null, 'the anchor is damaged, or was written by somebody without the key')
  if (anchor === undefined) {
    if (!damaged && check.last !== undefined) check.find('head', null, null, 'the anchor is missing')
    return
  }
  if (check.log !== undefined && anchor.log !== check.log) check.find('head', null, null, 'belongs to another log')
  else check.anchored(anchor, 'the anchor')
}

interface Known {
  readonly n: number
  /** Undefined after a line that could not be read. */
  readonly hash: string | undefined
}

/** One pass over the lines of a log, in order. */
export class Check {
  readonly findings: Finding[] = []
  readonly #options: VerifyOptions
  readonly #removed: Place[] = []
  readonly #anchored = new Map<number, string>()
  #beginning: { readonly begun: Beginning; readonly file: string } | undefined
  #signer: Signer | undefined
  lines = 0
  last: Known | undefined
  from: number | undefined
  /** The name of the log, as its first file has it. */
  log: string | undefined
  /** Bytes of the last file that are whole lines. */
  end = 0

  constructor(options: VerifyOptions = {}) {
    this.#options = options
  }

  /** What counts was read. */
  get isOver(): boolean {
    const { upTo } = this.#options
    return upTo !== undefined && this.last !== undefined && this.last.n >= upTo.n
  }

  find(file: string, line: number | null, n: number | null, problem: string): void {
    this.findings.push({ file, line, n, problem })
  }

  /** The next file, whole. */
  async file(name: string, bytes: Buffer): Promise<void> {
    const { lines, rest } = splitLines(bytes)
    for (const [at, line] of lines.entries()) {
      if (at % LINES_A_TURN === LINES_A_TURN - 1) await breathe()
      this.#line(name, at + 1, line)
      if (this.isOver) return
    }
    this.end = bytes.length - rest.length
    if (rest.length > 0)
      this.find(name, lines.length + 1, null, `${rest.length} bytes at its end are no whole line: a crash leaves this, and the next start puts it on record`) // prettier-ignore
    else if (lines.length === 0) this.find(name, null, null, 'is empty')
  }

  /** After all files: whether what lies before the oldest one was removed by the gateway. */
  first(): void {
    if (this.#beginning === undefined) return
    const { begun, file } = this.#beginning
    const { n, hash } = begun.previous
    if (n === GENESIS.n && hash === GENESIS.hash) return
    if (this.#removed.some((through) => through.n === n && through.hash === hash)) return
    this.find(file, 1, n + 1, `the lines up to ${n} are gone, and the log does not say that the gateway removed them`)
  }

  /** Holds a place that is known from elsewhere against what was read. */
  anchored({ n, hash }: Place, by: string): void {
    const file = this.#beginning?.file ?? fileNameOf(1)
    const last = this.last?.n ?? 0
    if (n > last)
      return this.find(file, null, n, `the lines ${last + 1} to ${n} were cut off the end: ${by} knows them`)
    const found = this.#anchored.get(n) ?? (this.last?.n === n ? this.last.hash : undefined)
    if (found !== undefined && found !== hash) this.find(file, null, n, `line ${n} is another one than ${by} knows`)
  }

  #line(file: string, at: number, bytes: Buffer): void {
    this.lines++
    const decoded = decodeLine(bytes)
    if (decoded === undefined) {
      this.find(file, at, null, 'is no line of an audit log: it was changed or put there')
      if (at === 1) this.#signer = undefined
      this.last = this.last && { n: this.last.n + 1, hash: undefined }
      return
    }
    const { line } = decoded
    const { n } = line
    const before = at === 1 ? this.#begin(file, decoded) : this.last
    if (before !== undefined && n !== before.n + 1) this.find(file, at, n, orderWords(n, before.n + 1))
    else if (before?.hash !== undefined && !follows(decoded, { hash: before.hash }))
      this.find(file, at, n, 'was changed, or what comes before it')
    else if (
      before?.hash !== undefined &&
      this.#signer !== undefined &&
      !isSignedBy(decoded, { hash: before.hash }, this.#signer)
    )
      // prettier-ignore
      this.find(file, at, n, 'was not written by who has the key')
    this.from ??= n
    this.last = { n, hash: decoded.hash }
    if (this.#options.anchors?.some((anchor) => anchor.n === n) === true) this.#anchored.set(n, decoded.hash)
    const { through } = (line.details ?? {}) as { through?: Place }
    if (line.action === REMOVE && through !== undefined) this.#removed.push(through)
  }

  /** The first line of a file against the end of the file before; what its own line follows. */
  #begin(file: string, { line }: NonNullable<ReturnType<typeof decodeLine>>): Known | undefined {
    const begun = beginningOf(line)
    const isOldest = this.last === undefined && this.from === undefined
    if (begun === undefined) {
      this.find(file, 1, line.n, 'does not begin a file of an audit log: the first line is gone or was changed')
      this.#signer = undefined
      return this.last
    }
    const { signerOf } = this.#options
    this.#signer = signerOf?.(begun.key)
    if (signerOf !== undefined && this.#signer === undefined)
      this.find(file, 1, line.n, `is signed with the key ${begun.key}, which is not here: nobody can say who wrote it`)
    if (isOldest) {
      this.#beginning = { begun, file }
      this.log = begun.log
    } else if (begun.log !== this.log) this.find(file, 1, line.n, 'is a file of another log')
    else if (this.last !== undefined && !isSame(this.last, begun.previous))
      this.find(file, 1, line.n, borderWords(this.last.n, begun.previous.n))
    if (fileNameOf(line.n) !== file) this.find(file, 1, line.n, `is the file ${fileNameOf(line.n)} under another name`)
    return begun.previous
  }
}

const isSame = (a: Known, b: Place): boolean => a.n === b.n && (a.hash === undefined || a.hash === b.hash)

const orderWords = (n: number, expected: number): string =>
  n > expected
    ? `${n - expected === 1 ? `line ${expected} is` : `the lines ${expected} to ${n - 1} are`} missing before it`
    : `stands after line ${expected - 1}: it was moved, copied or put there`

const borderWords = (last: number, previous: number): string =>
  previous > last
    ? `the lines ${last + 1} to ${previous} are missing before this file`
    : `does not follow the file before it, which ends with line ${last}: one of them is another one`
