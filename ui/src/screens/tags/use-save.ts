/** Saving in two steps: what it would come to, then the same in earnest, for the very version that was looked at. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { call, idempotent } from '../../api/client.ts'
import type { Operations } from '../../api/operations.ts'
import type { How } from '../configuration/how-form.tsx'
import { tagStrings } from '../../strings/tags.ts'
import type { Csv, SavePlan } from './save.ts'

const IMPORT = 'POST /api/v1/config/devices/{device}/tags/import'
const EDITS = 'POST /api/v1/config/edits'

export type Imported = Operations[typeof IMPORT]['answer']
export type Plan = NonNullable<Imported['plan']>
export type Applied = NonNullable<Imported['applied']>

export interface SaveTarget {
  readonly device: string
  /** The version that it is on top of. */
  readonly tag: string | undefined
  readonly choice?: 'shared' | undefined
}

export interface Preview {
  readonly counts: Imported['counts']
  readonly rejected: Imported['rows']
  /** Undefined: something is rejected, and what would come of the rest was not asked. */
  readonly plan: Plan | undefined
}

/** What the changes would come to. */
export async function previewOf(
  { changed, twice, by }: SavePlan,
  target: SaveTarget,
  signal?: AbortSignal,
): Promise<Preview> {
  // Each row by itself, so that the word of the gateway stands at its cell.
  const judged = changed.lines.size === 0 ? undefined : await importList(changed.text, target, { dryRun: true, signal })
  const refused = judged?.rows.filter(({ action }) => action === 'rejected') ?? []
  const rejected = [...twiceOf(changed, twice, refused), ...refused]
  const counts = judged?.counts ?? { create: 0, update: 0, unchanged: 0, remove: 0, rejected: 0 }
  if (rejected.length > 0) return { counts: { ...counts, rejected: Math.max(counts.rejected, rejected.length) }, rejected, plan: undefined } // prettier-ignore
  if (by.kind === 'list' && by.mode === 'merge') return { counts, rejected, plan: judged?.plan ?? undefined }
  if (by.kind === 'list') {
    const whole = await importList(by.csv.text, target, { dryRun: true, mode: 'replace', signal })
    return { counts: whole.counts, rejected: whole.rows.filter(({ action }) => action === 'rejected'), plan: whole.plan ?? undefined } // prettier-ignore
  }
  const { plan } = await sendEdits(by.edits, target, { dryRun: true, signal })
  const isOf = (sign: string) => plan?.differences.filter((one) => one.sign === sign && one.kind === 'tag').length ?? 0
  return { counts: { ...counts, create: isOf('+'), update: isOf('~'), remove: isOf('-') }, rejected, plan: plan ?? undefined } // prettier-ignore
}

/** What the gateway cannot know, because it sees only the rows that differ: which of these another one is called like. */
function twiceOf(changed: Csv, twice: SavePlan['twice'], refused: Imported['rows']): Imported['rows'] {
  const places = new Map([...changed.lines].map(([line, at]) => [at, `line ${line}`]))
  const known = new Set(refused.map(({ place }) => place))
  return twice.flatMap(({ at, name }): Imported['rows'] => {
    const place = places.get(at)
    if (place === undefined || known.has(place)) return []
    return [{ action: 'rejected', place, name, column: 'name', reason: tagStrings.faults.twice }]
  })
}

/** Does it. */
export function useSave() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: async ({ plan, target, how }: { plan: SavePlan; target: SaveTarget; how: How }): Promise<Applied> => {
      const { by } = plan
      const { applied } =
        by.kind === 'list'
          ? await importList(by.csv.text, target, { ...how, mode: by.mode })
          : await sendEdits(by.edits, target, how)
      return applied!
    },
    onSuccess: () =>
      Promise.all(
        ['GET /api/v1/config/status', 'GET /api/v1/config/history', 'GET /api/v1/config/devices'].map((key) =>
          queries.invalidateQueries({ queryKey: [key] }),
        ),
      ),
  })
}

interface Sent extends Partial<How> {
  readonly dryRun?: boolean
  readonly mode?: 'merge' | 'replace'
  readonly skipRejected?: boolean
  readonly signal?: AbortSignal | undefined
}

/** A list of tags, from the table or from a file. */
export function importList(content: Blob | string, target: SaveTarget, sent: Sent): Promise<Imported> {
  const { dryRun, mode, skipRejected, message, confirmWithin, signal } = sent
  return call(IMPORT, {
    params: { device: target.device },
    query: {
      ...(dryRun === true ? { dryRun: 'true' } : {}),
      ...(skipRejected === true ? { skipRejected: 'true' } : {}),
      mode,
      message,
      confirmWithin,
      choice: target.choice,
    },
    file: { type: typeof content === 'string' ? 'text/csv' : 'application/octet-stream', content },
    ifMatch: target.tag,
    ...(dryRun === true ? {} : idempotent()),
    signal,
  })
}

type Edits = Extract<SavePlan['by'], { kind: 'edits' }>['edits']

function sendEdits(edits: Edits, target: SaveTarget, { dryRun = false, message, confirmWithin, signal }: Sent) {
  const chosen = target.choice === undefined ? edits : edits.map((one) => ({ ...one, choice: target.choice }))
  return call(EDITS, {
    body: { edits: chosen, dryRun, message, confirmWithin },
    ifMatch: target.tag,
    ...(dryRun ? {} : idempotent()),
    signal,
  })
}
