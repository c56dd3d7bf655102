/** One row of the live table. It renders again only when one of its properties changed. */
import { memo, type ReactNode } from 'react'
import type { JsonValue, StatusInfo } from '../../../api.ts'
import { formatDayOrTime, formatValue, isoTime } from '../../../format.ts'
import type { LiveTag } from '../../../live/store.ts'
import { SeverityMark } from '../../../status-mark.tsx'
import { severityOf } from '../../../status.ts'
import { valueWords } from '../../../strings/value-words.ts'
import type { ColumnId } from './columns.ts'
import { SparkCell } from './spark-cell.tsx'

interface Props {
  readonly tag: LiveTag
  readonly index: number
  readonly top: number
  readonly columns: readonly ColumnId[]
  readonly value: JsonValue
  /** Its name, where the tag names its numbers. */
  readonly text: string | null
  readonly status: StatusInfo
  readonly time: number | null
  readonly receivedAt: number | null
  readonly age: string
  /** Up to when the line of the last minutes goes. */
  readonly sparkTo: number
  readonly connected: boolean
  /** The one row that Tab comes to. */
  readonly focusable: boolean
  /** Its place among the pens of the trend; -1 when it is not drawn. */
  readonly pen: number
  onPen(key: string): void
  onFacts(key: string): void
  onWrite(key: string): void
}

export const ValueRow = memo(function ValueRow(props: Props) {
  const { tag, status } = props
  const severity = severityOf(status.code)
  return (
    <div
      role="row"
      className="row"
      aria-rowindex={props.index + 2}
      tabIndex={props.focusable ? 0 : -1}
      data-index={props.index}
      data-key={tag.key}
      data-severity={severity}
      data-aged={props.connected ? undefined : true}
      style={{ transform: `translateY(${props.top}px)` }}
      onClick={(event) => onBareRow(event.target) && props.onFacts(tag.key)}
    >
      {props.columns.map((id) => (
        <span key={id} role="cell" className={CLASSES[id]} data-testid={id === 'value' ? 'value' : undefined}>
          {CELLS[id](props)}
        </span>
      ))}
    </div>
  )
})

const CLASSES: Readonly<Record<ColumnId, string>> = {
  device: 'cell-device quiet',
  tag: 'cell-tag',
  value: 'cell-value numbers right',
  unit: 'cell-unit quiet',
  spark: 'cell-spark',
  status: 'cell-status',
  time: 'cell-time numbers quiet',
  received: 'cell-received numbers quiet',
  age: 'cell-age numbers right',
  action: 'cell-action',
}

const CELLS: Readonly<Record<ColumnId, (props: Props) => ReactNode>> = {
  device: ({ tag }) => <bdi title={tag.device}>{tag.device}</bdi>,
  tag: (props) => <TagCell {...props} />,
  value: ({ tag, value }) => <bdi>{formatValue(value, tag.type)}</bdi>,
  unit: ({ tag, text }) => (text === null ? tag.unit : <bdi title={text}>{text}</bdi>),
  spark: ({ tag, sparkTo }) => <SparkCell tag={tag} now={sparkTo} />,
  status: (props) => <StatusCell {...props} />,
  time: ({ time }) => <Time at={time} />,
  received: ({ receivedAt }) => <Time at={receivedAt} />,
  age: ({ age }) => age,
  action: (props) => <ActionCell {...props} />,
}

const Time = ({ at }: { at: number | null }) => <span title={isoTime(at)}>{formatDayOrTime(at)}</span>

function TagCell({ tag, value, pen, onPen }: Props) {
  const drawable = typeof value === 'number' || typeof value === 'boolean'
  return (
    <button
      type="button"
      className="pen"
      tabIndex={-1}
      aria-pressed={pen >= 0}
      aria-label={valueWords.values.penLabel(tag.key)}
      title={tag.description === null ? tag.key : `${tag.key}: ${tag.description}`}
      disabled={!drawable && pen < 0}
      onClick={() => onPen(tag.key)}
    >
      <span className="swatch" style={pen >= 0 ? { background: `var(--pen-${pen})` } : undefined} />
      <span className="clip">
        <bdi className="pen-device">{tag.device}</bdi>
        <bdi>{tag.tag}</bdi>
      </span>
    </button>
  )
}

function ActionCell({ tag, connected, onWrite }: Props) {
  if (!tag.writable) return null
  return (
    <button
      type="button"
      className="row-button"
      aria-label={valueWords.values.writeLabel(tag.key)}
      disabled={!connected}
      onClick={() => onWrite(tag.key)}
    >
      {valueWords.values.write}
    </button>
  )
}

/** A finger or pointer on the row itself, not on one of its buttons. */
const onBareRow = (target: EventTarget): boolean => target instanceof Element && target.closest('button') === null

function StatusCell({ tag, status, connected, onFacts }: Props) {
  const severity = severityOf(status.code)
  const word = connected ? status.name : `${status.name}, ${valueWords.values.lastKnown}`
  return (
    <button
      type="button"
      className="state-word status"
      data-testid="status"
      aria-label={valueWords.values.factsLabel(word, tag.key)}
      onClick={() => onFacts(tag.key)}
    >
      <SeverityMark severity={severity} />
      <span className="clip">{word}</span>
    </button>
  )
}
