/** One row of the live table. It renders again only when one of its properties changed. */
import { Button, Tooltip } from '@mantine/core'
import { memo } from 'react'
import type { JsonValue, StatusInfo } from '../api.ts'
import { formatTime, formatValue, isoTime, statusHex } from '../format.ts'
import type { LiveTag } from '../live/store.ts'
import { SeverityMark } from '../status-mark.tsx'
import { severityOf } from '../status.ts'
import { strings } from '../strings.ts'

interface Props {
  readonly tag: LiveTag
  readonly rowIndex: number
  readonly top: number
  readonly value: JsonValue
  /** Its name, where the tag names its numbers. */
  readonly text: string | null
  readonly status: StatusInfo
  readonly time: number | null
  readonly age: string
  readonly connected: boolean
  /** What is wrong with its device, when it is not good. */
  readonly trouble: string | null
  /** Its place among the pens of the trend; -1 when it is not drawn. */
  readonly pen: number
  onPen(key: string): void
  onFacts(key: string): void
  onWrite(key: string): void
}

export const ValueRow = memo(function ValueRow(props: Props) {
  const { tag, value, status, pen } = props
  const severity = severityOf(status.code)
  const drawable = typeof value === 'number' || typeof value === 'boolean'
  return (
    <div
      role="row"
      className="row"
      aria-rowindex={props.rowIndex}
      data-key={tag.key}
      data-severity={severity}
      data-aged={props.connected ? undefined : true}
      style={{ transform: `translateY(${props.top}px)` }}
      onClick={(event) => onBareRow(event.target) && props.onFacts(tag.key)}
    >
      <span role="cell" className="cell-device quiet" dir="auto" title={tag.device}>
        {tag.device}
      </span>
      <span role="cell" className="cell-tag">
        <button
          type="button"
          className="pen"
          aria-pressed={pen >= 0}
          aria-label={strings.values.penLabel(tag.key)}
          title={tag.description === null ? tag.key : `${tag.key}: ${tag.description}`}
          disabled={!drawable && pen < 0}
          onClick={() => props.onPen(tag.key)}
        >
          <span className="swatch" style={pen >= 0 ? { background: `var(--pen-${pen})` } : undefined} />
          <span className="clip">
            <bdi className="pen-device">{tag.device}</bdi>
            <bdi>{tag.tag}</bdi>
          </span>
        </button>
      </span>
      <span role="cell" className="cell-value numbers right" data-testid="value">
        <bdi>{formatValue(value, tag.type)}</bdi>
      </span>
      <span role="cell" className="cell-unit quiet">
        {props.text === null ? tag.unit : <bdi title={props.text}>{props.text}</bdi>}
      </span>
      <span role="cell" className="cell-status">
        <StatusCell {...props} />
      </span>
      <span role="cell" className="cell-time numbers quiet" title={isoTime(props.time)}>
        {formatTime(props.time)}
      </span>
      <span role="cell" className="cell-age numbers right">
        {props.age}
      </span>
      <span role="cell" className="cell-action">
        {tag.writable && (
          <Button
            size="compact-xs"
            variant="default"
            aria-label={strings.values.writeLabel(tag.key)}
            disabled={!props.connected}
            onClick={() => props.onWrite(tag.key)}
          >
            {strings.values.write}
          </Button>
        )}
      </span>
    </div>
  )
})

/** A finger or pointer on the row itself, not on one of its buttons. */
const onBareRow = (target: EventTarget): boolean => target instanceof Element && target.closest('button') === null

const StatusCell = ({ tag, status, connected, trouble, onFacts }: Props) => {
  const severity = severityOf(status.code)
  const text = [status.text, severity === 'good' ? null : trouble, `${status.name} (${statusHex(status.code)})`]
  const word = connected ? status.name : `${status.name}, ${strings.values.lastKnown}`
  return (
    <Tooltip
      label={text.filter(Boolean).join(' ')}
      multiline
      maw={360}
      openDelay={200}
      events={{ hover: true, focus: true, touch: false }}
    >
      <button
        type="button"
        className="state-word status"
        data-testid="status"
        aria-label={strings.values.factsLabel(word, tag.key)}
        onClick={() => onFacts(tag.key)}
      >
        <SeverityMark severity={severity} />
        <span className="clip">{word}</span>
      </button>
    </Tooltip>
  )
}
