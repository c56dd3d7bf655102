/** The pens under the trend: name, value at the pointer or now, and a button that takes the pen away. */
import type { JsonValue } from '../api.ts'
import { formatWithUnit } from '../format.ts'
import { useLive } from '../live/context.ts'
import { strings } from '../strings.ts'
import type { Pen } from './use-pens.ts'

interface Props {
  readonly pens: readonly Pen[]
  readonly readout: readonly (number | null | undefined)[] | undefined
  onRemove(key: string): void
}

export function PenLegend({ pens, readout, onRemove }: Props) {
  useLive((store) => store.version)
  return (
    <ul className="pens">
      {pens.map(({ tag }, index) => (
        <li key={tag.key}>
          <span className="swatch" style={{ background: `var(--pen-${index % 8})` }} />
          <span>{tag.key}</span>
          <span className="numbers">
            {formatWithUnit(readout === undefined ? tag.value : drawn(readout[index], tag.type), tag.type, tag.unit)}
          </span>
          <button type="button" aria-label={strings.trend.remove(tag.key)} onClick={() => onRemove(tag.key)}>
            ×
          </button>
        </li>
      ))}
    </ul>
  )
}

/** What the chart drew as a number, as the tag's own type again. */
function drawn(value: number | null | undefined, type: string): JsonValue {
  if (value === null || value === undefined) return null
  if (type === 'bool') return value !== 0
  return type.endsWith('int64') ? String(value) : value
}
