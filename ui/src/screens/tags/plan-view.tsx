/** What changes would come to: how many rows of which kind, what differs, and the patch of the files. */
import { formatCount } from '../../format.ts'
import { tagStrings } from '../../strings/tags.ts'
import type { Imported, Plan } from './use-save.ts'

const strings = tagStrings.save

const KINDS = ['create', 'update', 'remove', 'unchanged', 'rejected'] as const

export function Counts({ counts }: { counts: Imported['counts'] }) {
  return (
    <dl className="tag-counts" data-testid="counts">
      {KINDS.map((kind) => (
        <div key={kind} data-kind={kind} data-none={counts[kind] === 0 || undefined}>
          <dt>{strings.counts[kind]}</dt>
          <dd className="numbers">{formatCount(counts[kind])}</dd>
        </div>
      ))}
    </dl>
  )
}

/** More nobody reads; the counts say how many there are. */
const MOST_LINES = 300

export function PlanView({ plan }: { plan: Plan }) {
  const { lines, patch } = plan
  return (
    <>
      <pre className="hex tag-plan" tabIndex={0} aria-label={strings.differences} data-testid="plan">
        {lines.slice(0, MOST_LINES).join('\n')}
        {lines.length > MOST_LINES && `\n${strings.more(formatCount(lines.length - MOST_LINES))}`}
      </pre>
      {patch !== null && patch !== '' && (
        <details>
          <summary>{strings.patch}</summary>
          <pre className="hex tag-plan" tabIndex={0} aria-label={strings.patch}>
            {cut(patch)}
          </pre>
        </details>
      )}
    </>
  )
}

const MOST_PATCH = 60_000
const cut = (patch: string): string => (patch.length <= MOST_PATCH ? patch : `${patch.slice(0, MOST_PATCH)}\n…`)
