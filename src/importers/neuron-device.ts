/** A southbound node of Neuron and its tags in our words: Modbus, and the OPC UA client. */
import type { DataType } from '../core/value.ts'
import { type DeviceHarvest, Harvest } from './harvest.ts'
import { factor, HALF_REGISTER } from './modbus-words.ts'
import { parseNeuronAddress } from './neuron-address.ts'
import { opcuaSecurity } from './opcua-words.ts'
import { numberAt, textAt } from './source-text.ts'

export interface NeuronGroup {
  readonly name: string
  readonly everyMs: number | undefined
  readonly tags: readonly { readonly tag: unknown; readonly place: string }[]
}

export interface NeuronDriver {
  readonly name: string
  /** Undefined for lists of tags alone. */
  readonly plugin: string | undefined
  readonly params: unknown
  readonly groups: readonly NeuronGroup[]
  readonly place: string
}

/** An address that no device has (RFC 5737), where the file says none. */
const NO_HOST = '192.0.2.1'

/** By the numbers of its API. */
const TYPES: readonly (DataType | undefined)[] = [
  undefined, 'int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64', 'float32', 'float64', 'bool', 'bool', 'string', 'bytes',
  undefined, 'uint16', 'uint32', 'uint64',
] // prettier-ignore
const NAMES = ['', 'INT8', 'UINT8', 'INT16', 'UINT16', 'INT32', 'UINT32', 'INT64', 'UINT64', 'FLOAT', 'DOUBLE', 'BIT', 'BOOL', 'STRING', 'BYTES', 'ERROR', 'WORD', 'DWORD', 'LWORD'] // prettier-ignore

export function addDriver(driver: NeuronDriver, harvest: Harvest): void {
  const { name, plugin, params, groups, place } = driver
  const isOpcua = plugin === undefined ? hasOpcuaAddresses(groups) : /opc ?ua/i.test(plugin)
  if (plugin !== undefined && !isOpcua && !/modbus/i.test(plugin))
    return harvest.leave(place, `node "${name}"`, `its plug-in is ${plugin}`, 'Modbus and OPC UA nodes are read.')
  if (isOpcua) return addOpcua(driver, harvest)
  const host = textAt(params, 'host')
  const path = textAt(params, 'device')
  if (host === undefined && path === undefined)
    harvest.leave(place, `host and port of "${name}"`, 'the file does not have them', `Replace host ${NO_HOST} in bifrost.yaml.`) // prettier-ignore
  const isRtu = plugin !== undefined && /rtu/i.test(plugin)
  const timeout = numberAt(params, 'timeout')
  const common = timeout !== undefined && timeout > 0 ? { timeout: `${timeout}ms` } : {}
  const BAUDS = [115_200, 57_600, 38_400, 19_200, 9600, 4800, 2400, 1800, 1200, 600]
  const isSerial = isRtu && numberAt(params, 'link') === 0 && path !== undefined
  const serial = { path: path ?? '', baud: BAUDS[numberAt(params, 'baud') ?? 4] ?? 9600, parity: ['none', 'odd', 'even'][numberAt(params, 'parity') ?? 0] ?? 'none', stopBits: (numberAt(params, 'stop') ?? 0) + 1, dataBits: (numberAt(params, 'data') ?? 3) + 5 } // prettier-ignore
  const options = isSerial
    ? { transport: 'rtu', serial, ...common }
    : {
        transport: isRtu ? 'rtu-over-tcp' : 'tcp',
        host: host ?? NO_HOST,
        port: numberAt(params, 'port') ?? 502,
        ...common,
      }
  const base = numberAt(params, 'address_base') === 0 ? 0 : 1
  const units = new Map<number, DeviceHarvest>()
  const every = groups.find(({ everyMs }) => everyMs !== undefined)?.everyMs ?? 1000
  const unitsUsed = new Set(groups.flatMap(({ tags }) => tags.map(({ tag }) => (textAt(tag, 'address') ?? '').split('!')[0]))) // prettier-ignore
  const deviceOf = (unit: number): DeviceHarvest => {
    const made = units.get(unit) ?? harvest.device({ name: unitsUsed.size > 1 ? `${name}-${unit}` : name, driver: 'modbus', options: { ...options, unit }, everyMs: every, place }) // prettier-ignore
    units.set(unit, made)
    return made
  }
  for (const group of groups)
    for (const { tag, place: where } of group.tags)
      addModbusTag(tag, where, group, { base, every, prefix: prefixOf(group, groups) }, deviceOf, harvest)
}

/** Groups are a part of the name where there are several, since names need be unique in a group only. */
const prefixOf = ({ name }: NeuronGroup, groups: readonly NeuronGroup[]): string =>
  groups.length > 1 && name !== '' ? `${name}.` : ''

const hasOpcuaAddresses = (groups: readonly NeuronGroup[]): boolean =>
  groups.some(({ tags }) => tags.some(({ tag }) => /^\d+!(?![0134]\d{4,5}\b)/.test(textAt(tag, 'address') ?? '')))

function typeOf(tag: unknown): DataType | undefined {
  const text = textAt(tag, 'type') ?? ''
  const number = /^\d+$/.test(text) ? Number(text) : NAMES.indexOf(text.toUpperCase())
  return TYPES[number]
}

/** 1 read, 2 write, 4 subscribe, as a sum; a spreadsheet has the words. */
function isWritable(tag: unknown): boolean {
  const text = textAt(tag, 'attribute') ?? ''
  return /^\d+$/.test(text) ? (Number(text) & 2) !== 0 : /write/i.test(text)
}

interface TagContext {
  readonly base: 0 | 1
  readonly every: number
  readonly prefix: string
}

function addModbusTag(
  tag: unknown,
  place: string,
  group: NeuronGroup,
  context: TagContext,
  deviceOf: (unit: number) => DeviceHarvest,
  harvest: Harvest,
): void {
  // prettier-ignore
  const name = `${context.prefix}${textAt(tag, 'name') ?? ''}`
  const text = textAt(tag, 'address') ?? ''
  const leave = (why: string, next: string) => harvest.leave(place, `tag "${name}" (${text})`, why, next)
  const type = typeOf(tag)
  if (type === undefined) return leave(`type ${textAt(tag, 'type') ?? ''} has no counterpart`, 'Read the registers as tags of their own.') // prettier-ignore
  const at = parseNeuronAddress(text, context.base, type === 'string' || type === 'bytes')
  if (at === undefined) return leave('its address is not SLAVE!ADDRESS with six digits', 'Correct it: 1!400001, 1!300001.10H, 1!400001#BL.') // prettier-ignore
  if (type === 'int8' || type === 'uint8') return leave(HALF_REGISTER.why, HALF_REGISTER.next)
  if (at.packing === 'D' || at.packing === 'E') return leave('its string has one character a register', 'Read the registers as uint16.') // prettier-ignore
  const everyMs = group.everyMs === context.every ? undefined : group.everyMs
  const order = at.packing === 'L' ? 'BADC' : at.order
  const description = [textAt(tag, 'description'), `Neuron ${text}`].filter(Boolean).join('; ')
  const canWrite = isWritable(tag) && !/^(ir|di)/.test(at.address)
  const common = { name, everyMs, description, wasWritable: canWrite, place }
  if (at.isBit) return deviceOf(at.unit).add({ ...common, address: at.address, type: 'bool' })
  deviceOf(at.unit).add({ ...common, ...scalingOf(tag), address: at.address, type, order: order === 'ABCD' ? undefined : order, length: at.length }) // prettier-ignore
}

/** value = raw × decimal + bias. */
function scalingOf(tag: unknown) {
  const [decimal, bias] = [numberAt(tag, 'decimal'), numberAt(tag, 'bias')]
  return { scale: factor(decimal), offset: bias === 0 ? undefined : bias }
}

function addOpcua({ name, params, groups, place }: NeuronDriver, harvest: Harvest): void {
  const url =
    textAt(params, 'url') ?? `opc.tcp://${textAt(params, 'host') ?? NO_HOST}:${numberAt(params, 'port') ?? 4840}`
  const every = groups.find(({ everyMs }) => everyMs !== undefined)?.everyMs ?? 1000
  const options = { endpoint: url, ...opcuaSecurity({ policy: undefined, mode: undefined }, place, harvest) }
  const device = harvest.device({ name, driver: 'opcua', options, everyMs: every, place })
  if (params === undefined)
    harvest.leave(place, `address of "${name}"`, 'the file does not have it', `Replace ${NO_HOST} in bifrost.yaml.`)
  if ((textAt(params, 'username') ?? '') !== '')
    harvest.leave(place, 'user name and password', 'secrets are not copied', `Add user: { name: …, passwordFile: … } to the device "${device.name}".`) // prettier-ignore
  for (const group of groups)
    for (const { tag, place: where } of group.tags) {
      const [, namespace, id] = /^(\d+)!(.+)$/s.exec(textAt(tag, 'address') ?? '') ?? []
      const type = typeOf(tag)
      const title = `${prefixOf(group, groups)}${textAt(tag, 'name') ?? ''}`
      if (id === undefined || type === undefined) {
        harvest.leave(where, `tag "${title}"`, 'its address is not NAMESPACE!NODE, or its type has no counterpart', 'Look the node up with `bifrost opcua browse`.') // prettier-ignore
        continue
      }
      const everyMs = group.everyMs === every ? undefined : group.everyMs
      const address = `ns=${namespace};${/^\d+$/.test(id) ? 'i' : 's'}=${id}`
      const description = textAt(tag, 'description') || undefined
      device.add({
        ...scalingOf(tag),
        name: title,
        address,
        type,
        everyMs,
        description,
        wasWritable: isWritable(tag),
        place: where,
      })
    }
}
