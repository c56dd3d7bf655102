/** The file of a cursor (FORMAT.md, "Slot file"): opened, and read as the account that it keeps. */
import { join } from 'node:path'
import type { Log } from '../../core/log.ts'
import { fileNameOf, readDamaged, type FileSystem } from '../files.ts'
import { openSlotFile, readSlots, type SlotFile } from '../slot-file.ts'
import { Account, type CursorState } from './account.ts'
import type { Position } from './ordinals.ts'

interface OpenCursorFile {
  readonly slots: SlotFile
  /** `start` is where a new cursor begins, `head` where the log is: from then on the account is told what is appended. */
  account(place: { readonly start: Position; readonly head: Position }): Account
  readonly purged: Position | undefined
}

/** Opens or makes it; a damaged one counts as new. */
export async function openCursorFile(files: FileSystem, dir: string, sink: string, log: Log): Promise<OpenCursorFile> {
  const folder = join(dir, 'cursors')
  const { slots, state, damaged } = await openSlotFile(files, join(folder, `${fileNameOf(sink)}.cursor`), folder)
  if (damaged) log.warn({ sink }, `the cursor of ${sink} is damaged: it begins again at the oldest sample`)
  const known = state as CursorState | undefined
  const purged = known?.purged === undefined ? undefined : { seq: known.purged[0], ordinal: known.purged[1] }
  return { slots, account: (place) => accountOf(known, place), purged }
}

function accountOf(
  state: CursorState | undefined,
  { start, head }: { readonly start: Position; readonly head: Position },
): Account {
  if (state === undefined) return new Account(start, head.ordinal - start.ordinal)
  const { seq, ordinal, delivered, dropped, routed, routedOrdinal } = state
  const ahead = (state.ahead ?? []).map(([fromSeq, from, toSeq, to]) => ({
    from: { seq: fromSeq, ordinal: from },
    to: { seq: toSeq, ordinal: to },
  }))
  return new Account({ seq, ordinal }, routed + head.ordinal - routedOrdinal, delivered, dropped, ahead)
}

/** The furthest place that any cursor file says was durable. */
export async function knownByCursors(files: FileSystem, dir: string): Promise<Position> {
  let known: Position = { seq: 0, ordinal: 0 }
  for (const name of await files.list(join(dir, 'cursors'))) {
    // What cannot be read at all is said when its sink opens it.
    const bytes = await readDamaged(files, join(dir, 'cursors', name)).catch(() => undefined)
    const state = (bytes === undefined ? undefined : readSlots(bytes)) as CursorState | undefined
    if (state !== undefined && state.routedSeq > known.seq)
      known = { seq: state.routedSeq, ordinal: state.routedOrdinal }
  }
  return known
}
