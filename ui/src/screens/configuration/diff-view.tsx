/** A patch to look at: one under the other, or beside each other. Signs and words, not colour alone. */
import { useVirtualizer } from '@tanstack/react-virtual'
import { useMemo, useRef } from 'react'
import { CopyButton } from '../../parts/copy-button.tsx'
import { useQueryPart } from '../../shell/address.ts'
import { configurationStrings } from '../../strings/configuration.ts'
import { patchRows, type PatchRow, type PatchSide } from './patch-rows.ts'

const strings = configurationStrings.diff

const ROW_PX = 20

export function DiffView({ patch, label }: { patch: string; label: string }) {
  const [view, setView] = useQueryPart('view')
  const beside = view === 'beside'
  const rows = useMemo(() => (beside ? patchRows(patch) : patchRows(patch).flatMap(unified)), [patch, beside])
  const scroller = useRef<HTMLDivElement>(null)
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 20,
  })
  return (
    <div className="diff">
      <div className="bar">
        <label className="tag-check">
          <input
            type="checkbox"
            checked={beside}
            onChange={(event) => setView(event.currentTarget.checked ? 'beside' : '')}
          />{' '}
          {strings.beside}
        </label>
        <span className="grow" />
        <CopyButton text={patch} label={strings.copy} />
      </div>
      <div
        ref={scroller}
        className="diff-scroller"
        role="region"
        tabIndex={0}
        aria-label={label}
        data-beside={beside || undefined}
        data-testid="diff"
      >
        <div className="diff-body" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => (
            <div
              key={index}
              className="diff-row"
              data-kind={rows[index]!.kind}
              style={{ transform: `translateY(${start}px)` }}
            >
              <Row row={rows[index]!} beside={beside} />
            </div>
          ))}
        </div>
      </div>
    </div>
  )
}

/** A change as the old line above the new one. */
function unified(row: PatchRow): PatchRow[] {
  if (row.kind !== 'change') return [row]
  return [
    ...(row.before === undefined ? [] : [{ kind: 'change' as const, before: row.before, after: undefined }]),
    ...(row.after === undefined ? [] : [{ kind: 'change' as const, before: undefined, after: row.after }]),
  ]
}

function Row({ row, beside }: { row: PatchRow; beside: boolean }) {
  if (row.kind === 'file') return <strong>{row.text}</strong>
  if (row.kind === 'place') return <span className="quiet">{row.text}</span>
  if (beside)
    return (
      <>
        <Half side={row.before} sign={row.kind === 'same' ? ' ' : '−'} />
        <Half side={row.after} sign={row.kind === 'same' ? ' ' : '+'} />
      </>
    )
  const sign = row.kind === 'same' ? ' ' : row.after === undefined ? '−' : '+'
  return <Half side={row.after ?? row.before} sign={sign} />
}

const WORDS: Readonly<Record<string, string>> = { '−': strings.removed, '+': strings.added }

function Half({ side, sign }: { side: PatchSide | undefined; sign: string }) {
  return (
    <span className="diff-half" data-sign={side === undefined ? undefined : sign}>
      <span className="diff-line numbers">{side?.line}</span>
      <span className="diff-sign" aria-hidden="true">
        {side === undefined ? '' : sign}
      </span>
      {side !== undefined && WORDS[sign] !== undefined && <span className="sr-only">{WORDS[sign]} </span>}
      <code dir="ltr">{side?.text}</code>
    </span>
  )
}
