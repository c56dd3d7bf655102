/** What a SunSpec address says of its tag: type, unit, and the names of its numbers, as the model file has them. */
import type { TagDefaults } from '../../../core/driver.ts'
import type { ModelPoint } from './model.ts'
import type { SunSpecPlace } from './place.ts'

/** Texts by point: made once for all devices, as the model files are read once. */
const texts = new WeakMap<ModelPoint, string>()

export const tagDefaults = ({ point, type }: SunSpecPlace): TagDefaults => ({
  type,
  unit: point.units,
  symbols: symbolsText(point),
})

/** `1=OFF|2=SLEEPING`, of a bit field `bit0=GROUND_FAULT`; undefined where the point has no names. */
function symbolsText(point: ModelPoint): string | undefined {
  const { symbols = {}, type } = point
  const known = texts.get(point)
  if (known !== undefined) return known
  const prefix = type.startsWith('bitfield') ? 'bit' : ''
  const names = Object.entries(symbols).filter(([name]) => !/^RESERVED/i.test(name))
  if (names.length === 0) return undefined
  const text = names.map(([name, number]) => `${prefix}${number}=${name}`).join('|')
  texts.set(point, text)
  return text
}
