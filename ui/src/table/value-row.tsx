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
  readonly status: StatusInfo
  readonly time: number | null
  readonly age: string
  readonly connected: boolean
  /** Its place among the pens of the trend; -1 when it is not drawn. */
  readonly pen: number
  onPen(key: string): void
  onWrite(tag: LiveTag): void
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
    >
      <span role="cell" className="cell-device quiet">
        {tag.device}
      </span>
      <span role="cell" className="cell-tag">
        <button
          type="button"
          className="pen"
          aria-pressed={pen >= 0}
          aria-label={strings.values.penLabel(tag.key)}
          title={tag.description ?? tag.key}
          disabled={!drawable && pen < 0}
          onClick={() => props.onPen(tag.key)}
        >
          <span className="swatch" style={pen >= 0 ? { background: `var(--pen-${pen})` } : undefined} />
          <span className="clip" data-device={tag.device}>
            {tag.tag}
          </span>
        </button>
      </span>
      <span role="cell" className="cell-value numbers right" data-testid="value">
        {formatValue(value, tag.type)}
      </span>
      <span role="cell" className="cell-unit quiet">
        {tag.unit}
      </span>
      <span role="cell" className="cell-status">
        <StatusCell status={status} reason={tag.reason} connected={props.connected} />
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
            onClick={() => props.onWrite(tag)}
          >
            {strings.values.write}
          </Button>
        )}
      </span>
    </div>
  )
})

interface StatusProps {
  readonly status: StatusInfo
  readonly reason: string | null
  readonly connected: boolean
}

const StatusCell = memo(function StatusCell({ status, reason, connected }: StatusProps) {
  const severity = severityOf(status.code)
  const text = [status.text, severity === 'good' ? null : reason, `${status.name} (${statusHex(status.code)})`]
  return (
    <Tooltip
      label={text.filter(Boolean).join(' ')}
      multiline
      maw={360}
      openDelay={200}
      events={{ hover: true, focus: true, touch: true }}
    >
      <span className="state-word" data-testid="status" tabIndex={severity === 'good' ? undefined : 0}>
        <SeverityMark severity={severity} />
        <span className="clip">{connected ? status.name : `${status.name}, ${strings.values.lastKnown}`}</span>
      </span>
    </Tooltip>
  )
})
