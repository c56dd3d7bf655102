/** Finds out where the log goes on: the last line, the anchor, what a crash or somebody left behind (FORMAT.md, "After a crash"). */
import { createHash, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Secrets, Signer } from '../secrets/secrets.ts'
import { readDamaged, type FileSystem } from '../store/files.ts'
import { readAnchor } from './anchor.ts'
import type { ChainState } from './chain.ts'
import { auditFiles, beginningOf, decodeLine, GENESIS, splitLines, type Beginning } from './line.ts'
import { makePrivateFolder } from './private-folder.ts'
import { Check, type Finding } from './verify.ts'

export const AUDIT_PURPOSE = 'audit'

/** Where the log goes on, and what was found out while looking. */
export interface Opening extends ChainState {
  /** Bytes that were no whole line, and were cut off. */
  readonly torn: { readonly bytes: number; readonly sha256: string } | undefined
  /** What does not fit in the newest file, or between it and the anchor. */
  readonly findings: readonly Finding[]
}

/** Makes the folder where there is none. Rejects where the disk does. */
export async function openFiles(files: FileSystem, folder: string, secrets: Secrets): Promise<Opening> {
  await makePrivateFolder(folder)
  const signers = secrets.keyIds.map((id) => secrets.signer(AUDIT_PURPOSE, id)!)
  const { anchor, damaged } = await readAnchor(files, folder, signers)
  const name = auditFiles(await files.list(folder)).at(-1)
  if (name === undefined) {
    const findings = anchor === undefined ? [] : [lost('head', `all lines up to ${anchor.n} are gone`)]
    const heritage = await takeOver(files, folder)
    return { log: anchor?.log ?? randomBytes(8).toString('hex'), last: anchor ?? GENESIS, file: undefined, heritage, torn: undefined, findings } // prettier-ignore
  }
  const newest = await readNewest(files, folder, name, secrets)
  const { check, begun } = newest
  const findings = [...check.findings]
  if (damaged) findings.push(lost('head', 'the anchor is damaged'))
  else if (anchor === undefined) findings.push(lost('head', 'the anchor is missing'))
  const last = { n: check.last?.n ?? 0, hash: check.last?.hash ?? GENESIS.hash }
  const isAhead = anchor !== undefined && anchor.n > last.n
  if (isAhead) findings.push(lost(name, `the lines ${last.n + 1} to ${anchor.n} were cut off the end`))
  const isWhole = check.findings.length === 0 && !isAhead && begun !== undefined && begun.key === secrets.keyId
  return {
    log: begun?.log ?? anchor?.log ?? randomBytes(8).toString('hex'),
    last: isAhead ? anchor : last,
    file: isWhole ? { name: newest.name, bytes: check.end, begunAt: newest.begunAt } : undefined,
    torn: newest.torn,
    findings,
  }
}

interface Newest {
  readonly check: Check
  readonly begun: Beginning | undefined
  readonly begunAt: number
  readonly name: string
  readonly torn: Opening['torn']
}

async function readNewest(files: FileSystem, folder: string, name: string, secrets: Secrets): Promise<Newest> {
  const path = join(folder, name)
  const bytes = (await readDamaged(files, path)) ?? Buffer.alloc(0)
  const { lines, rest } = splitLines(bytes)
  const signerOf = (keyId: string): Signer | undefined => secrets.signer(AUDIT_PURPOSE, keyId)
  const check = new Check({ signerOf })
  await check.file(name, bytes.subarray(0, bytes.length - rest.length))
  const first = lines[0] && decodeLine(lines[0])?.line
  if (rest.length > 0) await cut(files, path, check.end)
  // A file of which not one line is whole was begun by a crash: its name is given again.
  if (lines.length === 0) {
    await files.remove(path)
    return { ...(await before(files, folder, name, secrets)), torn: tornOf(rest) }
  }
  return {
    check,
    name,
    begun: first && beginningOf(first),
    begunAt: Date.parse(first?.time ?? '') || 0,
    torn: rest.length === 0 ? undefined : tornOf(rest),
  }
}

/** The file before the one that a crash began. */
async function before(files: FileSystem, folder: string, name: string, secrets: Secrets): Promise<Newest> {
  const older = auditFiles(await files.list(folder)).filter((one) => one !== name)
  const newest = older.at(-1)
  if (newest !== undefined) return readNewest(files, folder, newest, secrets)
  return { check: new Check(), name, begun: undefined, begunAt: 0, torn: undefined }
}

const tornOf = (rest: Buffer) => ({ bytes: rest.length, sha256: createHash('sha256').update(rest).digest('hex') })

async function cut(files: FileSystem, path: string, size: number): Promise<void> {
  const file = await files.open(path, 'write')
  try {
    await file.truncate(size)
    await file.sync()
  } finally {
    await file.close()
  }
}

const lost = (file: string, problem: string): Finding => ({ file, line: null, n: null, problem })

/** `DATA/audit.ndjson` of a version without a chain stays beside it; its hash stands in the first line. */
async function takeOver(files: FileSystem, folder: string): Promise<ChainState['heritage']> {
  const old = `${folder}.ndjson`
  const bytes = await readDamaged(files, old).catch(() => undefined)
  if (bytes === undefined) return undefined
  const file = 'before.ndjson'
  await files.rename(old, join(folder, file))
  return { before: { file, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') } }
}
