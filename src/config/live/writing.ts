/**
 * A version of the configuration goes into its files: each in one step, and all of them or, after a kill in between, none. While they
 * are written a note beside the first of them says where the version before is kept.
 */
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { basename, dirname, isAbsolute, relative, resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { GatewayError, messageOf } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import type { Config } from '../config.ts'
import type { FileTexts } from '../file-reading.ts'
import { contentOf, replaceFile, whyReadOnly } from '../history/file-set.ts'
import { ConfigHistory, type Author, type Version } from '../history/history.ts'

/** The note beside the configuration `file`. */
const noteOf = (file: string): string => `${file}.bifrost-applying`

/** Those of the files whose content differs from the disk, and those of `present` that are to go. */
export function changesOf(
  files: FileTexts,
  present: Iterable<string>,
): { write: Map<string, Buffer>; remove: string[] } {
  const write = new Map([...files].filter(([path, bytes]) => contentOf(path)?.equals(bytes) !== true))
  return { write, remove: [...present].filter((path) => !files.has(path) && existsSync(path)) }
}

/** Files that a request names: beside the configuration `main`, or one of those that it consists of. */
export function filesNamed(
  files: Readonly<Record<string, string>>,
  main: string,
  known: FileTexts,
): Map<string, Buffer> {
  const folder = dirname(main)
  const paths = new Map<string, Buffer>()
  for (const [name, text] of Object.entries(files)) {
    const path = resolve(folder, name)
    const within = relative(folder, path)
    const isWithin = within !== '' && !within.startsWith('..') && !isAbsolute(within)
    if (!known.has(path) && (!isWithin || !/\.(ya?ml|csv)$/.test(basename(path))))
      throw new GatewayError('INVALID_REQUEST', `${name} is no file of this configuration, and could not become one`)
    paths.set(path, Buffer.from(text))
  }
  return paths
}

/** Throws INVALID_REQUEST where a new file is given that nothing in the configuration reads: it would be passed over. */
export function assertRead(given: FileTexts, read: FileTexts, known: FileTexts): void {
  const idle = [...given.keys()].find((path) => !read.has(path) && !known.has(path))
  if (idle === undefined) return
  throw new GatewayError(
    'INVALID_REQUEST',
    `nothing in the configuration reads ${idle}: name it under \`include\`, or as a list of tags`,
  )
}

/** Those of the loaded files that a request gave, where the disk has them otherwise. */
export const loadedOnes = (files: FileTexts, given: FileTexts): ReturnType<typeof changesOf> =>
  changesOf(new Map([...given].filter(([path]) => files.has(path))), [])

/**
 * Throws FORBIDDEN where somebody who does not manage accounts would change who may do what, or the program that prints the key of secrets:
 * who may change devices would make himself an administrator otherwise.
 */
export function assertMayChange({ user, mayChangeAccess = true }: Author, before: Config, next: Config): void {
  if (mayChangeAccess) return
  const parts = [
    ['access', before.access, next.access],
    ['http.access', before.http?.access, next.http?.access],
    ['secrets', before.secrets, next.secrets],
  ] as const
  for (const [name, was, will] of parts)
    if (!isDeepStrictEqual(was, will))
      throw new GatewayError(
        'FORBIDDEN',
        `${user} may change the configuration, but not \`${name}\`: that needs the permission accounts.manage. Nothing was changed.`,
      )
}

/** Throws CHANGED_MEANWHILE where another version runs than the one with this hash. */
export function assertMatch({ hash, number, user, time }: Version, seen: string | undefined): void {
  if (seen === undefined || seen === hash) return
  const detail = `the configuration that runs is another one by now: version ${number}, by ${user}, ${time}`
  throw new GatewayError('CHANGED_MEANWHILE', detail, { details: { hash, version: number } })
}

/** Throws CONFIG_READ_ONLY where one of them cannot be written. */
export function assertWritable(paths: Iterable<string>): void {
  for (const path of paths) {
    const why = whyReadOnly(path)
    if (why !== undefined)
      throw new GatewayError(
        'CONFIG_READ_ONLY',
        `${path} ${why}: change it where it comes from, then reload. Nothing was changed.`,
        {
          details: { file: path },
        },
      )
  }
}

/** Writes these files in place of what is there; `folder`: where the history is. */
export async function writeFiles(
  main: string,
  folder: string,
  { write, remove }: ReturnType<typeof changesOf>,
): Promise<void> {
  if (write.size + remove.length === 0) return
  const isOne = write.size + remove.length === 1
  if (!isOne) await replaceFile(noteOf(main), Buffer.from(`${JSON.stringify({ history: folder })}\n`), 0o600)
  for (const [path, bytes] of write) {
    await mkdir(dirname(path), { recursive: true })
    await replaceFile(path, bytes)
  }
  for (const path of remove) await rm(path, { force: true })
  if (!isOne) await rm(noteOf(main), { force: true })
}

/** What kept files from being written, as people are told: what a file system says is no fault of the gateway. */
export function unwritten(error: unknown): unknown {
  if (error instanceof GatewayError || !(error instanceof Error) || !('syscall' in error)) return error
  return new GatewayError('STORE_FAILED', `the configuration was not changed: ${messageOf(error)}`, { cause: error })
}

/** A kill while files were written: those of the version before are put back, before anything is read. */
export async function finishWriting(main: string, log: Log): Promise<void> {
  const text = await readFile(noteOf(main), 'utf8').catch(() => undefined)
  if (text === undefined) return
  const { history: folder } = JSON.parse(text) as { history: string }
  const history = await ConfigHistory.open(folder, log)
  const trial = await history.trial()
  if (trial !== undefined) await restore(main, history, trial, folder)
  await rm(noteOf(main), { force: true })
  log.warn(
    { file: main },
    'The gateway ended while it wrote its configuration: the version before is back in its files.',
  )
}

/** Files that hold what the newer version says get what the older one said; what somebody edited since stays. False: cannot be. */
export async function restore(
  main: string,
  history: ConfigHistory,
  { version, previous }: { readonly version: number; readonly previous: number },
  folder: string,
): Promise<boolean> {
  const before = await history.filesOf(history.version(previous))
  const after = await history.filesOf(history.version(version))
  const { write, remove } = changesOf(before, after.keys())
  const isEdited = [...write.keys(), ...remove].some((path) => {
    const now = contentOf(path)
    return now !== undefined && after.get(path)?.equals(now) === false
  })
  if (isEdited || [...write.keys(), ...remove].some((path) => whyReadOnly(path) !== undefined)) return false
  await writeFiles(main, folder, { write, remove })
  return true
}
