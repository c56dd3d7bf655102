/** The pens under the trend: name, value and status at the pointer or now (the status where it is not good), and a button that takes the pen away. */
import type { JsonValue } from '../../../api.ts'
import { formatDuration, formatWithUnit } from '../../../format.ts'
import { useLive, useNow } from '../../../live/context.ts'
import type { LiveTag } from '../../../live/store.ts'
import { SeverityMark } from '../../../status-mark.tsx'
import { severityOf, useStatusInfo } from '../../../status.ts'
import { trendStrings } from '../../../strings/trend.ts'
import type { Pen } from './use-pens.ts'

interface Props {
  readonly pens: readonly Pen[]
  /** The time at the pointer; undefined: it is not there. */
  readonly at: number | undefined
  onRemove(key: string): void
}

export function PenLegend({ pens, at, onRemove }: Props) {
  useLive((store) => store.version)
  return (
    <ul className="pens">
      {pens.map((pen, index) => (
        <li key={pen.tag.key}>
          <span className="swatch" style={{ background: `var(--pen-${index % 8})` }} />
          <bdi className="clip">{pen.tag.key}</bdi>
          {at === undefined ? <Now tag={pen.tag} /> : <Then pen={pen} at={at} />}
          <button type="button" aria-label={trendStrings.remove(pen.tag.key)} onClick={() => onRemove(pen.tag.key)}>
            ×
          </button>
        </li>
      ))}
    </ul>
  )
}

function Now({ tag }: { tag: LiveTag }) {
  const lost = useLive((store) => store.connection.state !== 'open')
  const now = useNow()
  const statusOf = useStatusInfo()
  const aged = lost || severityOf(tag.status) !== 'good'
  return (
    <>
      <span className={aged ? 'numbers aged-value' : 'numbers'}>
        <bdi>{formatWithUnit(tag.value, tag.type, tag.unit)}</bdi>
      </span>
      {aged && (
        <span className="state-word">
          <SeverityMark severity={severityOf(tag.status)} />
          {statusOf(tag.status).name}
          {tag.receivedAt !== null && tag.value !== null && `, ${formatDuration(now - tag.receivedAt)}`}
        </span>
      )}
    </>
  )
}

function Then({ pen: { tag, data }, at }: { pen: Pen; at: number }) {
  const statusOf = useStatusInfo()
  const point = data.at(at)
  const status = point?.status
  return (
    <>
      <span className="numbers" data-testid="at-cursor">
        <bdi>{formatWithUnit(drawn(point?.value as number | null, tag.type), tag.type, tag.unit)}</bdi>
      </span>
      <span className="state-word quiet">
        {status === undefined ? (
          trendStrings.unknown
        ) : (
          <>
            <SeverityMark severity={severityOf(status)} />
            {statusOf(status).name}
          </>
        )}
      </span>
    </>
  )
}

/** What the chart drew as a number, as the tag's own type again. */
function drawn(value: number | null | undefined, type: string): JsonValue {
  if (value === null || value === undefined) return null
  if (type === 'bool') return value !== 0
  return type.endsWith('int64') ? String(value) : value
}
