/**
 * The live table, virtualised: only the rows in sight exist, and only those whose value, status or age changed render again.
 * On a narrow screen a row becomes a card of two lines. Keyboard: arrows, Home, End and pages move along the rows, letters do what the
 * row can do.
 */
import { useMediaQuery } from '@mantine/hooks'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useMemo, useRef, useState } from 'react'
import { fetchHistory } from '../../../api.ts'
import { formatDuration } from '../../../format.ts'
import { useLive, useLiveStore, useNow } from '../../../live/context.ts'
import type { LiveTag } from '../../../live/store.ts'
import { useStatusInfo } from '../../../status.ts'
import { valueWords } from '../../../strings/value-words.ts'
import type { ValueColumn } from './columns.ts'
import type { Frozen } from './frozen.ts'
import { Peek, usePeek } from './peek.tsx'
import { SparksContext } from './spark-cell.tsx'
import { Sparks } from './sparks.ts'
import { useRowKeys } from './row-keys.ts'
import { ValueRow } from './value-row.tsx'
import { copyText } from '../../../parts/copy-button.tsx'
import { partStrings } from '../../../strings/parts.ts'
import { valuesStrings } from '../../../strings/values.ts'

interface Props {
  readonly tags: readonly LiveTag[]
  readonly columns: readonly ValueColumn[]
  readonly pens: readonly string[]
  readonly frozen: Frozen | undefined
  onPen(key: string): void
  onFacts(key: string): void
  onWrite(key: string): void
}

const ROW_PX = 34
const CARD_PX = 66
const TOLD_MS = 4000

export function ValueTable({ tags, columns, pens, frozen, onPen, onFacts, onWrite }: Props) {
  const narrow = useMediaQuery('(max-width: 760px)')
  const scroller = useRef<HTMLDivElement>(null)
  const store = useLiveStore()
  const now = useNow()
  const connected = useLive((store) => store.connection.state === 'open')
  useLive((store) => (frozen === undefined ? store.version : 0))
  const statusOf = useStatusInfo()
  const sparks = useMemo(() => new Sparks(store, fetchHistory), [store])
  useEffect(() => sparks.start(), [sparks])
  const [focused, setFocused] = useState(0)
  const size = narrow ? CARD_PX : ROW_PX
  const ids = useMemo(() => columns.map(({ id }) => id), [columns])
  const rows = useVirtualizer({
    count: tags.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => size,
    getItemKey: (index) => tags[index]!.id,
    overscan: 6,
  })
  const peek = usePeek(scroller)
  const copy = useCopiedPath()
  const onKeyDown = useRowKeys({
    tags,
    rows,
    scroller,
    setFocused,
    onPen,
    onFacts,
    onWrite,
    onRaw: peek.showRaw,
    onCopy: copy.start,
  })
  const inTable = Math.min(focused, tags.length - 1)
  return (
    <SparksContext value={sparks}>
      <div
        ref={scroller}
        className={narrow ? 'scroller narrow' : 'scroller'}
        role="table"
        tabIndex={0}
        aria-labelledby="values-title"
        aria-describedby="row-keys"
        aria-rowcount={tags.length + 1}
        style={{ '--value-columns': columns.map(({ width }) => width).join(' ') } as React.CSSProperties}
        onKeyDown={onKeyDown}
        {...peek.events}
      >
        <TableHead columns={columns} />
        <div role="rowgroup" style={{ height: rows.getTotalSize(), position: 'relative' }} key={size}>
          {rows.getVirtualItems().map(({ index, start, key }) => {
            const tag = tags[index]!
            const shown = frozen?.rows.get(tag.id) ?? tag
            const { receivedAt, value } = shown
            return (
              <ValueRow
                key={key}
                tag={tag}
                index={index}
                top={start}
                columns={ids}
                value={value}
                text={shown.text}
                status={statusOf(shown.status)}
                time={shown.time}
                receivedAt={value === null ? null : receivedAt}
                age={receivedAt === null || value === null ? valueWords.values.none : formatDuration(now - receivedAt)}
                sparkTo={Math.floor((frozen?.at ?? now) / 1000) * 1000}
                connected={connected}
                focusable={index === inTable}
                pen={pens.indexOf(tag.key)}
                onPen={onPen}
                onFacts={onFacts}
                onWrite={onWrite}
              />
            )
          })}
        </div>
      </div>
      <p role="status" className="quiet copied">
        {copy.told}
      </p>
      {peek.shown !== undefined && <Peek {...peek.shown} />}
    </SparksContext>
  )
}

/** What became of a path that was copied by a key, for a while. */
function useCopiedPath(): { readonly told: string | undefined; start(key: string): void } {
  const [told, setTold] = useState<string>()
  useEffect(() => {
    if (told === undefined) return
    const timer = setTimeout(() => setTold(undefined), TOLD_MS)
    return () => clearTimeout(timer)
  }, [told])
  const start = (key: string) =>
    void copyText(key).then((done) => setTold(done ? valuesStrings.copied(key) : partStrings.notCopied))
  return { told, start }
}

function TableHead({ columns }: { columns: readonly ValueColumn[] }) {
  return (
    <div role="rowgroup" className="table-head">
      <div role="row" className="row" aria-rowindex={1}>
        {columns.map(({ id, title, right }) => (
          <span key={id} role="columnheader" className={right === true ? 'right' : undefined}>
            {id === 'action' ? <span className="sr-only">{title}</span> : title}
          </span>
        ))}
      </div>
    </div>
  )
}
