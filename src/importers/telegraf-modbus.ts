/** One `[[inputs.modbus]]` of Telegraf. Addresses are those of the protocol, from 0; a unit id of its own becomes a device of its own. */
import type { DataType } from '../core/value.ts'
import type { DeviceHarvest, Harvest } from './harvest.ts'
import { BAD_ADDRESS, canonical, factor, HALF_REGISTER, hostAndPort, REGISTERS, type Area } from './modbus-words.ts'
import { get, goDurationMs, isObject, listOf, numberAt, numberOf, textAt, type Json } from './source-text.ts'

const AREA: Record<string, Area> = { coil: 'co', discrete: 'di', holding: 'hr', input: 'ir' }
const LISTS: Record<string, Area> = {
  discrete_inputs: 'di',
  coils: 'co',
  holding_registers: 'hr',
  input_registers: 'ir',
}

const TYPES: Record<string, DataType> = {
  INT16: 'int16', UINT16: 'uint16', INT32: 'int32', UINT32: 'uint32', INT64: 'int64', UINT64: 'uint64',
  FLOAT32: 'float32', FLOAT64: 'float64', 'FLOAT32-IEEE': 'float32', 'FLOAT64-IEEE': 'float64',
} // prettier-ignore

/** Orders by the words of Telegraf; for one register ABCD and CDAB are AB, DCBA and BADC are BA. */
const ORDERS: Record<string, string> = {
  AB: 'ABCD',
  BA: 'BADC',
  ABCD: 'ABCD',
  DCBA: 'DCBA',
  BADC: 'BADC',
  CDAB: 'CDAB',
}

interface Field {
  readonly place: string
  readonly name: string
  readonly area: Area
  readonly address: number
  readonly type: string
  readonly order: string
  readonly registers?: number | undefined
  readonly bit?: number | undefined
  readonly scale?: number | undefined
}

export function readModbus(plugIn: Json, place: string, agentEveryMs: number | undefined, harvest: Harvest): void {
  const options = connection(plugIn, place, harvest)
  if (options === undefined) return
  const everyMs = goDurationMs(get(plugIn, 'interval')) ?? agentEveryMs ?? 10_000
  const name = textAt(plugIn, 'name') ?? (typeof options.host === 'string' ? options.host : 'modbus')
  const byUnit = new Map<number, DeviceHarvest>()
  const several = unitsOf(plugIn).size > 1
  const deviceOf = (unit: number): DeviceHarvest => {
    const known = byUnit.get(unit)
    if (known !== undefined) return known
    const made = harvest.device({
      name: several ? `${name}-${unit}` : name,
      driver: 'modbus',
      options: { ...options, unit },
      everyMs,
      place,
    })
    byUnit.set(unit, made)
    return made
  }
  const style = textAt(plugIn, 'configuration_type') ?? 'register'
  const unit = numberAt(plugIn, 'slave_id') ?? 1
  if (style === 'register') readRegisterStyle(plugIn, place, unit, deviceOf, harvest)
  else if (style === 'request' || style === 'metric') readGroups(plugIn, place, style, unit, deviceOf, harvest)
  else harvest.leave(place, `configuration_type "${style}"`, 'known are register, request and metric', 'Correct it.')
}

function unitsOf(plugIn: Json): Set<unknown> {
  const groups = [...listOf(get(plugIn, 'request')), ...listOf(get(plugIn, 'metric'))]
  return new Set(groups.map((group) => get(group, 'slave_id') ?? get(plugIn, 'slave_id')))
}

function connection(plugIn: Json, place: string, harvest: Harvest): Record<string, unknown> | undefined {
  const controller = textAt(plugIn, 'controller') ?? ''
  const mode = (textAt(plugIn, 'transmission_mode') ?? 'auto').toLowerCase()
  const timeout = goDurationMs(get(plugIn, 'timeout'))
  const common = timeout === undefined ? {} : { timeout: `${Math.max(1, Math.round(timeout))}ms` }
  if (controller.startsWith('tcp://')) {
    const at = hostAndPort(controller)
    const transport = mode === 'rtuovertcp' ? 'rtu-over-tcp' : mode === 'asciiovertcp' ? 'ascii-over-tcp' : 'tcp'
    if (at !== undefined) return { transport, host: at.host, port: at.port ?? 502, ...common }
  }
  const path = /^(?:file:\/\/)?(\/dev\/\S+|COM\d+|\\\\\.\\COM\d+)$/i.exec(controller)?.[1]
  if (path !== undefined) {
    const parity = { n: 'none', e: 'even', o: 'odd' }[(textAt(plugIn, 'parity') ?? 'N').toLowerCase()] ?? 'none'
    const serial = { path, baud: numberAt(plugIn, 'baud_rate') ?? 9600, parity, stopBits: numberAt(plugIn, 'stop_bits') ?? 1, dataBits: numberAt(plugIn, 'data_bits') ?? 8 } // prettier-ignore
    return { transport: mode === 'ascii' ? 'ascii' : 'rtu', serial, ...common }
  }
  harvest.leave(
    place,
    `controller "${controller}"`,
    'it is neither tcp://host:port nor a serial port',
    'Write the device by hand.',
  )
  return undefined
}

type DeviceOf = (unit: number) => DeviceHarvest

function readRegisterStyle(plugIn: Json, place: string, unit: number, deviceOf: DeviceOf, harvest: Harvest): void {
  for (const [list, area] of Object.entries(LISTS)) {
    for (const [at, field] of listOf(get(plugIn, list)).entries()) {
      const where = `${place}.${list}[${at}]`
      const addresses = listOf(get(field, 'address')).map(numberOf)
      const isRun = addresses.length > 0 && addresses.every((one, n) => one !== undefined && one === addresses[0]! + n)
      const name = nameOf(field, undefined)
      if (!isRun) {
        harvest.leave(where, `field "${name}"`, 'its registers are not one behind the other', 'A value lies in neighbouring registers here; read them as tags of their own.') // prettier-ignore
        continue
      }
      const type = registerType(textAt(field, 'data_type') ?? '', addresses.length)
      add({ place: where, name, area, address: addresses[0]!, type, order: textAt(field, 'byte_order') ?? 'ABCD', registers: addresses.length, bit: numberAt(field, 'bit'), scale: numberAt(field, 'scale') }, deviceOf(unit), harvest) // prettier-ignore
    }
  }
}

/** FIXED and UFIXED are integers as wide as their registers; FLOAT32 is an old name of UFIXED, so says the README of the plug-in. */
function registerType(type: string, registers: number): string {
  if (type === 'FIXED') return `INT${registers * 16}`
  if (type === 'UFIXED' || type === 'FLOAT32') return `UINT${registers * 16}`
  return type
}

function readGroups(
  plugIn: Json,
  place: string,
  style: 'request' | 'metric',
  fallback: number,
  deviceOf: DeviceOf,
  harvest: Harvest,
): void {
  // prettier-ignore
  for (const [at, group] of listOf(get(plugIn, style)).entries()) {
    const where = `${place}.${style}[${at}]`
    const unit = numberAt(group, 'slave_id') ?? fallback
    const order = textAt(group, 'byte_order') ?? 'ABCD'
    for (const [n, field] of listOf(get(group, 'fields')).entries()) {
      if (get(field, 'omit') === true) continue
      const register = textAt(style === 'request' ? group : field, 'register') ?? 'holding'
      const area = Object.hasOwn(AREA, register) ? AREA[register] : undefined
      const name = nameOf(field, textAt(group, 'measurement'))
      const fieldPlace = `${where}.fields[${n}]`
      if (area === undefined) {
        harvest.leave(fieldPlace, `field "${name}"`, `register "${register}" is not known`, 'Known are coil, discrete, holding and input.') // prettier-ignore
        continue
      }
      add({ place: fieldPlace, name, area, address: numberAt(field, 'address') ?? -1, type: textAt(field, 'type') ?? '', order, registers: numberAt(field, 'length'), bit: numberAt(field, 'bit'), scale: numberAt(field, 'scale') }, deviceOf(unit), harvest) // prettier-ignore
    }
    const tags = get(group, 'tags')
    if (isObject(tags) && Object.keys(tags).length > 0)
      harvest.leave(`${where}.tags`, `tags ${Object.keys(tags).join(', ')}`, 'values have no further tags here', 'Say it by the names of devices, or in the topic of the sink.') // prettier-ignore
  }
}

function nameOf(field: unknown, measurement: string | undefined): string {
  const own = textAt(field, 'measurement') ?? measurement
  const name = textAt(field, 'name') ?? ''
  return own === undefined || own === 'modbus' ? name : `${own}.${name}`
}

function add(field: Field, device: DeviceHarvest, harvest: Harvest): void {
  const { place, name, area, address, type, registers, scale } = field
  const leave = ({ why, next }: { why: string; next: string }) =>
    harvest.leave(place, `field "${device.name}/${name}"`, why, next)
  if (area === 'co' || area === 'di') {
    const at = canonical({ area, offset: address })
    return at === undefined ? leave(BAD_ADDRESS) : device.add({ name, address: at, type: 'bool', place })
  }
  const bit = type === 'BIT' ? (field.bit ?? 0) : undefined
  const at = canonical({ area, offset: address, bit })
  if (at === undefined) return leave(BAD_ADDRESS)
  if (type === 'BIT') return device.add({ name, address: at, type: 'bool', place })
  const order = ORDERS[field.order.toUpperCase()]
  if (order === undefined)
    return leave({ why: `byte order "${field.order}" is not known`, next: 'Known are ABCD, DCBA, BADC and CDAB.' })
  const given = order === 'ABCD' ? undefined : order
  if (type === 'STRING')
    return device.add({ name, address: at, type: 'string', length: (registers ?? 1) * 2, order: given, place })
  if (/^U?INT8[LH]$/.test(type)) return leave(HALF_REGISTER)
  const known = Object.hasOwn(TYPES, type) ? TYPES[type] : undefined
  if (known === undefined)
    return leave({ why: `type "${type}" has no counterpart`, next: 'Read the raw registers as uint16 and convert behind the gateway.' }) // prettier-ignore
  if (registers !== undefined && registers !== REGISTERS[known])
    return leave({ why: `${type} has ${REGISTERS[known]} registers, ${registers} are named`, next: 'Correct the list of registers.' }) // prettier-ignore
  return device.add({ name, address: at, type: known, order: given, scale: factor(scale), place })
}
