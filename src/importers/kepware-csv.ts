/** The CSV of the tags of one device of Kepware: no word of the device itself, so that its address has to be filled in. */
import { parseCsv } from '../core/csv.ts'
import { Harvest } from './harvest.ts'
import type { SourceFile } from './importer.ts'
import { addModbusTag, type KepwareScaling } from './kepware-tag.ts'
import { numberOf, refuse, textOf } from './source-text.ts'

/** An address that no device has (RFC 5737): the file does not say where the device is. */
const NO_HOST = '192.0.2.1'

export function readKepwareCsv(file: SourceFile, harvest: Harvest): void {
  const { records, faults } = parseCsv(textOf(file))
  const fault = faults[0]
  if (fault !== undefined) throw refuse(file, `${fault.line}:${fault.column}: ${fault.message}`)
  const [header, ...rows] = records
  const columns = new Map(header?.cells.map((name, at) => [name.toLowerCase(), at]))
  for (const name of ['tag name', 'address', 'data type'])
    if (!columns.has(name)) throw refuse(file, `its first line has no column "${name}", so that it is no list of tags of Kepware`) // prettier-ignore
  const place = 'line 1'
  const device = harvest.device({ name: file.name.replace(/\.[^.]*$/, ''), driver: 'modbus', options: { host: NO_HOST, order: 'CDAB' }, place }) // prettier-ignore
  harvest.leave(place, `host, port and unit id of "${device.name}"`, 'a CSV of tags does not have them', `Replace host ${NO_HOST} in bifrost.yaml; unit: and port: go there too.`) // prettier-ignore
  harvest.change(place, `"${device.name}": addresses from 1 and order CDAB (first word low) are assumed, as Kepware has them by default`) // prettier-ignore
  for (const row of rows) {
    const cell = (name: string): string => row.cells[columns.get(name) ?? -1] ?? ''
    const name = cell('tag name')
    const where = `line ${row.line}`
    if (name.startsWith(';') || name === '') continue
    addModbusTag(
      {
        place: where,
        name,
        address: cell('address'),
        type: cell('data type'),
        writable: /w/i.test(cell('client access')),
        everyMs: numberOf(cell('scan rate')),
        scaling: scalingOf(cell),
        description: cell('description'),
      },
      { zeroBased: true, zeroBasedBits: true },
      device,
      harvest,
    )
  }
}

function scalingOf(cell: (name: string) => string): KepwareScaling | undefined {
  const number = (name: string, fallback: number): number => numberOf(cell(name)) ?? fallback
  const isYes = (name: string): boolean => /^(1|true|yes)$/i.test(cell(name))
  return {
    kind: cell('scaling'),
    rawLow: number('raw low', 0),
    rawHigh: number('raw high', 1000),
    low: number('scaled low', 0),
    high: number('scaled high', 1000),
    clampLow: isYes('clamp low'),
    clampHigh: isYes('clamp high'),
    negate: isYes('negate value'),
    unit: cell('eng units'),
  }
}
