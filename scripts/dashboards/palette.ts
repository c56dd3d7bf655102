/**
 * How states look. ISA-101: what is normal is grey and quiet, colour is kept for what somebody should look at. No state is said
 * by colour alone: a tile beyond its limit is filled, a graph draws the limit as a dashed line, a state has a sign and a word,
 * and the limits stand in the panel's description.
 */
import {
  MappingType,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type Threshold,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard'

export const NORMAL = 'text'
export const WARNING = 'orange'
export const ALARM = 'dark-red'
/** Lines of a graph: shades of one slate grey; which is which is said by the legend's table. */
export const SLATE = '#7a8794'

/** From where on (or below which) a value asks for attention; both limits belong to the attention's side. */
export interface Limits {
  readonly warn?: number
  readonly alarm?: number
  /** The lower, the worse. */
  readonly below?: boolean
}

export function thresholds({ warn, alarm, below = false }: Limits): ThresholdsConfigBuilder {
  const steps: Threshold[] = below
    ? [
        { value: null, color: alarm === undefined ? WARNING : ALARM },
        ...(alarm === undefined ? [] : [{ value: alarm, color: warn === undefined ? NORMAL : WARNING }]),
        ...(warn === undefined ? [] : [{ value: warn, color: NORMAL }]),
      ]
    : [
        { value: null, color: NORMAL },
        ...(warn === undefined ? [] : [{ value: warn, color: WARNING }]),
        ...(alarm === undefined ? [] : [{ value: alarm, color: ALARM }]),
      ]
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps)
}

/** The limits in words, for the panel's description. */
export function limitsText({ warn, alarm, below = false }: Limits, unit: string): string {
  const word = below ? 'below' : 'from'
  const parts = [
    ...(warn === undefined ? [] : [`orange ${word} ${quantity(warn, unit)}`]),
    ...(alarm === undefined ? [] : [`dark red ${word} ${quantity(alarm, unit)}`]),
  ]
  return `Filled ${parts.join(', ')}.`
}

function quantity(value: number, unit: string): string {
  if (unit === 'percentunit') return `${Number((value * 100).toFixed(6))} %`
  if (unit === 's' && value >= 86_400) return `${value / 86_400} days`
  if (unit === 's' && value >= 3600) return `${value / 3600} h`
  if (unit === 's' && value < 1) return `${value * 1000} ms`
  return unit === 's' ? `${value} s` : String(value)
}

/** 1 and 0 as a sign and a word. */
export function upDown(up = 'up', down = 'down'): ValueMapping[] {
  return [
    {
      type: MappingType.ValueToText,
      options: {
        '1': { text: `✓ ${up}`, color: NORMAL, index: 0 },
        '0': { text: `✕ ${down}`, color: ALARM, index: 1 },
      },
    },
  ]
}

/** 0 is the good end of a count. */
export const NONE: ValueMapping[] = [
  { type: MappingType.ValueToText, options: { '0': { text: '✓ none', color: NORMAL, index: 0 } } },
]
