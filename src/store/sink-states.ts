/**
 * What sinks remember over restarts, one slot file a sink in `DATA/sinks` (FORMAT.md, "Slot file"), and what is remembered of other
 * gateways in `DATA/origins`. Damage costs the newer state.
 */
import { join } from 'node:path'
import type { Log } from '../core/log.ts'
import type { SinkState } from '../core/sink.ts'
import { fileNameOf, type FileSystem } from './files.ts'
import { openSlotFile, type SlotFile } from './slot-file.ts'

export interface SinkStates {
  /** One owner at a time; the same state again for the next one. */
  open(sink: string): Promise<SinkState>
  close(): Promise<void>
}

/** The states below this data folder; nothing is made before a sink is opened. */
export function openSinkStates(files: FileSystem, dir: string, log: Log, name = 'sinks'): SinkStates {
  const folder = join(dir, name)
  const opened: SlotFile[] = []
  const states = new Map<string, Promise<SinkState>>()
  return {
    open(sink) {
      const known = states.get(sink) ?? openState(sink)
      states.set(sink, known)
      known.catch(() => states.delete(sink))
      return known
    },
    async close() {
      for (const slots of opened.splice(0)) await slots.close()
    },
  }

  async function openState(sink: string): Promise<SinkState> {
    await files.makeFolder(folder)
    const { slots, state, damaged } = await openSlotFile(files, join(folder, `${fileNameOf(sink)}.state`), folder)
    if (damaged) log.warn({ sink }, `what ${sink} remembered is damaged: it begins anew`)
    opened.push(slots)
    let kept = state
    let writing: Promise<void> = Promise.resolve()
    return {
      load: () => kept,
      save(next) {
        kept = next
        writing = writing.catch(() => undefined).then(() => slots.write(next))
        return writing
      },
    }
  }
}
