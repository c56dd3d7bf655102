/** The pens under the trend: name, value at the pointer or now (with its status when that is not good), and a button that takes the pen away. */
import type { JsonValue } from '../api.ts'
import { formatDuration, formatWithUnit } from '../format.ts'
import { useLive, useNow } from '../live/context.ts'
import type { LiveTag } from '../live/store.ts'
import { SeverityMark } from '../status-mark.tsx'
import { severityOf, useStatusInfo } from '../status.ts'
import { strings } from '../strings.ts'
import type { Pen } from './use-pens.ts'

interface Props {
  readonly pens: readonly Pen[]
  readonly readout: readonly (number | null | undefined)[] | undefined
  onRemove(key: string): void
}

export function PenLegend({ pens, readout, onRemove }: Props) {
  useLive((store) => store.version)
  const lost = useLive((store) => store.connection.state === 'lost')
  const now = useNow()
  const statusOf = useStatusInfo()
  return (
    <ul className="pens">
      {pens.map(({ tag }, index) => (
        <li key={tag.key}>
          <span className="swatch" style={{ background: `var(--pen-${index % 8})` }} />
          <bdi>{tag.key}</bdi>
          <span className={readout === undefined && isAged(tag, lost) ? 'numbers aged-value' : 'numbers'}>
            <bdi>
              {formatWithUnit(readout === undefined ? tag.value : drawn(readout[index], tag.type), tag.type, tag.unit)}
            </bdi>
          </span>
          {readout === undefined && isAged(tag, lost) && (
            <span className="state-word">
              <SeverityMark severity={severityOf(tag.status)} />
              {statusOf(tag.status).name}
              {tag.receivedAt !== null && tag.value !== null && `, ${formatDuration(now - tag.receivedAt)}`}
            </span>
          )}
          <button type="button" aria-label={strings.trend.remove(tag.key)} onClick={() => onRemove(tag.key)}>
            ×
          </button>
        </li>
      ))}
    </ul>
  )
}

const isAged = (tag: LiveTag, lost: boolean): boolean => lost || severityOf(tag.status) !== 'good'

/** What the chart drew as a number, as the tag's own type again. */
function drawn(value: number | null | undefined, type: string): JsonValue {
  if (value === null || value === undefined) return null
  if (type === 'bool') return value !== 0
  return type.endsWith('int64') ? String(value) : value
}
