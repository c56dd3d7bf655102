/** `bifrost modbus sunspec`: what a SunSpec device is and has, model by model, or as an entry for a configuration. Reads only. */
import { z } from 'zod'
import { csvLines, yamlEntry } from '../../../core/device-entry.ts'
import { defineTool } from '../../../core/driver.ts'
import { oneLine } from '../../../core/one-line.ts'
import type { ModbusDevice } from '../device.ts'
import { proposeTags } from '../sunspec/proposal.ts'
import { assertOwn } from './raw-device.ts'
import { survey, type Survey, type SurveyedModel, type SurveyedPoint } from '../sunspec/survey.ts'

/** What the tool found; `options` are those under which the device was reached. */
export interface SunSpecReport extends Survey {
  readonly options: Readonly<Record<string, unknown>>
  readonly format: 'text' | 'yaml' | 'csv'
}

export const sunspecTool = defineTool({
  name: 'sunspec',
  summary: 'walk a SunSpec device: identity, models and all points with values, or its tags for a configuration',
  examples: [
    ['bifrost modbus sunspec modbus://10.0.0.5:502/1', 'every model and point, with value, unit and symbols'],
    [
      'bifrost modbus sunspec inverter-1 --yaml',
      'a device for bifrost.yaml with all points that the device implements',
    ],
    ['bifrost modbus sunspec inverter-1 --csv > inverter.csv', 'the same as a tag list'],
  ],
  input: z.object({
    unit: z.number().int().min(0).max(255).optional().describe('Unit id; that of the device where absent.'),
    yaml: z.boolean().default(false).describe('As an entry for bifrost.yaml.'),
    csv: z.boolean().default(false).describe('As a CSV tag list.'),
  }),
  positions: [],
  async run({ unit, yaml, csv }, driver, access, signal): Promise<SunSpecReport> {
    const device = driver as unknown as ModbusDevice
    assertOwn(device, access, unit ?? device.unit)
    const found = await survey(device, unit ?? device.unit, (work) => access.run(work, 'turn', signal))
    return { ...found, options: { ...device.farSide, unit: found.unit }, format: yaml ? 'yaml' : csv ? 'csv' : 'text' }
  },
  toLines(report: SunSpecReport) {
    if (report.format === 'csv') return csvLines(proposeTags(report))
    if (report.format === 'yaml')
      return yamlEntry({ name: nameOf(report), driver: 'modbus', options: report.options, tags: proposeTags(report) })
    const notes = report.notes.map((note) => `note: ${note}`)
    return [headLine(report), ...notes, ...report.models.flatMap(modelLines)].map(oneLine)
  },
})

/** `acme-1234`: words of product and serial number. */
function nameOf({ identity, unit }: Survey): string {
  const words = [identity.product ?? 'sunspec', identity.serial ?? `${unit}`].join('-').toLowerCase()
  return words.replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '')
}

function headLine({ identity, base, unit }: Survey): string {
  const { vendor = 'unknown vendor', product = '', serial, firmware } = identity
  const more = [serial === undefined ? '' : `, serial ${serial}`, firmware === undefined ? '' : `, version ${firmware}`]
  return `${vendor} ${product}${more.join('')} (unit ${unit}, SunSpec at hr:${base})`
}

function modelLines({ id, instance, label, name, address, length, points }: SurveyedModel): string[] {
  const which = instance === 1 ? `${id}` : `${id}#${instance}`
  const width = Math.max(0, ...points.map((point) => point.address.length))
  return ['', `model ${which} ${label ?? name} (hr:${address}, ${length} registers)`, ...points.map((point) => pointLine(point, width))] // prettier-ignore
}

function pointLine(
  { address, value, unit, status, symbols, label, scale, writable }: SurveyedPoint,
  width: number,
): string {
  const text = status === 'Good' ? `${value}${unit === null ? '' : ` ${unit}`}` : `- (${status})`
  const names = symbols.length === 0 ? '' : ` = ${symbols.join(' + ')}`
  const notes = [label, scale === null ? null : `scale ${scale}`, writable ? 'RW' : null].filter((one) => one !== null)
  return `  ${address.padEnd(width)}  ${text}${names}${notes.length === 0 ? '' : `  [${notes.join(', ')}]`}`
}
