/** The JSON project of Kepware's Configuration API: channels with devices with tags and groups of tags. */
import type { Harvest } from './harvest.ts'
import type { SourceFile } from './importer.ts'
import { addModbusTag, addOpcuaTag, type KepwareScaling, type KepwareTag } from './kepware-tag.ts'
import { opcuaSecurity } from './opcua-words.ts'
import { flagAt, get, isObject, listOf, numberAt, refuse, textAt } from './source-text.ts'

const DRIVER = 'servermain.MULTIPLE_TYPES_DEVICE_DRIVER'
const NAME = 'common.ALLTYPES_NAME'

/** By the numbers of TAG_DATA_TYPE; 20 more is an array. */
const TYPES = ['String', 'Boolean', 'Char', 'Byte', 'Short', 'Word', 'Long', 'DWord', 'Float', 'Double', 'BCD', 'LBCD', 'Date', 'LLong', 'QWord'] // prettier-ignore
const SCALINGS = ['None', 'Linear', 'Square Root']
const POLICIES = ['None', 'Basic128Rsa15', 'Basic256', 'Basic256Sha256']

export function readKepwareProject(file: SourceFile, document: unknown, harvest: Harvest): void {
  const project = get(document, 'project') ?? document
  const channels = get(project, 'channels')
  if (!Array.isArray(channels)) throw refuse(file, 'it has no project.channels, so that it is no project of Kepware')
  for (const [at, channel] of channels.entries()) readChannel(channel, `project.channels[${at}]`, harvest)
  if (isObject(project))
    for (const key of Object.keys(project))
      if (
        !/^(channels|common\.|servermain\.|client_interfaces|PROJECT_ID)/.test(key) &&
        listOf(project[key]).length > 0
      )
        harvest.leave(
          `project.${key}`,
          key,
          'only channels are read',
          'See docs/reference/sinks.md for where values can go.',
        )
}

function readChannel(channel: unknown, place: string, harvest: Harvest): void {
  const driver = textAt(channel, DRIVER) ?? ''
  const name = textAt(channel, NAME) ?? ''
  const isModbus = /^Modbus TCP\/IP Ethernet$/i.test(driver)
  if (!isModbus && !/^OPC UA Client$/i.test(driver))
    return harvest.leave(place, `channel "${name}"`, `its driver is "${driver}"`, 'Modbus TCP/IP Ethernet and OPC UA Client are read.') // prettier-ignore
  for (const [at, device] of listOf(get(channel, 'devices')).entries()) {
    const where = `${place}.devices[${at}]`
    if (isModbus) readModbusDevice(device, name, where, harvest)
    else readOpcuaDevice(device, channel, where, harvest)
  }
}

function headOf(device: unknown, channel: string, place: string) {
  const name = `${channel}.${textAt(device, NAME) ?? 'device'}`
  const mode = numberAt(device, 'servermain.DEVICE_SCAN_MODE')
  const rate = numberAt(device, 'servermain.DEVICE_SCAN_MODE_RATE_MS')
  const enabled = flagAt(device, 'servermain.DEVICE_DATA_COLLECTION') !== false
  // Scan mode 0 respects the rate of each tag or client.
  return { head: { name, place, enabled, ...(rate === undefined || rate < 1 ? {} : { everyMs: rate }) }, isForced: mode !== undefined && mode > 0 } // prettier-ignore
}

function readModbusDevice(device: unknown, channel: string, place: string, harvest: Harvest): void {
  const { head, isForced } = headOf(device, channel, place)
  const [, host, unit] = /^<([^>]+)>(?:\.(\d{1,3}))?$/.exec(textAt(device, 'servermain.DEVICE_ID_STRING') ?? '') ?? []
  if (host === undefined)
    return harvest.leave(place, `device "${head.name}"`, `its id "${textAt(device, 'servermain.DEVICE_ID_STRING') ?? ''}" is not <host>.unit`, 'Write the device by hand.') // prettier-ignore
  const of = (name: string, fallback: boolean) => flagAt(device, `modbus_ethernet.DEVICE_${name}`) ?? fallback
  const [wordLow, dwordLow, isBigEndian] = [of('FIRST_WORD_LOW', true), of('FIRST_DWORD_LOW', true), of('MODBUS_BYTE_ORDER', true)] // prettier-ignore
  const order = wordLow ? (isBigEndian ? 'CDAB' : 'DCBA') : isBigEndian ? 'ABCD' : 'BADC'
  const port = numberAt(device, 'modbus_ethernet.DEVICE_ETHERNET_PORT_NUMBER') ?? 502
  const ip = numberAt(device, 'modbus_ethernet.DEVICE_ETHERNET_IP_PROTOCOL')
  const options = { ...(ip === 0 ? { transport: 'udp' } : {}), host, port, unit: Number(unit ?? 1), order }
  const made = harvest.device({ ...head, driver: 'modbus', options })
  const modbus = { zeroBased: of('ZERO_BASED_ADDRESSING', true), zeroBasedBits: of('ZERO_BASED_BIT_ADDRESSING', true) }
  if (of('MODICON_BIT_ORDER', false))
    harvest.leave(place, 'Modicon bit order', 'bit 0 is the lowest here', 'Bits of registers of this device have to be turned round: n becomes 15 - n.') // prettier-ignore
  for (const tag of tagsOf(device, place, '', isForced)) {
    const is64 = /^(llong|qword|double)\b/i.test(tag.type)
    if (is64 && wordLow !== dwordLow)
      harvest.leave(tag.place, `tag "${made.name}/${tag.name}"`, 'words and double words are ordered differently', 'None of the four byte orders is this one: read two 32-bit tags.') // prettier-ignore
    else addModbusTag(tag, modbus, made, harvest)
  }
}

function readOpcuaDevice(device: unknown, channel: unknown, place: string, harvest: Harvest): void {
  const { head, isForced } = headOf(device, textAt(channel, NAME) ?? '', place)
  const endpoint = textAt(channel, 'opcuaclient.CHANNEL_UA_SERVER_ENDPOINT_URL') ?? ''
  const policy = POLICIES[numberAt(channel, 'opcuaclient.CHANNEL_UA_SERVER_SECURITY_POLICY') ?? 3]
  const options = { endpoint, ...opcuaSecurity({ policy, mode: undefined }, place, harvest) }
  const made = harvest.device({ ...head, driver: 'opcua', options })
  if ((textAt(channel, 'opcuaclient.CHANNEL_AUTHENTICATION_USERNAME') ?? '') !== '')
    harvest.leave(place, 'user name and password', 'secrets are not copied', `Add user: { name: …, passwordFile: … } to the device "${made.name}".`) // prettier-ignore
  for (const tag of tagsOf(device, place, '', isForced)) addOpcuaTag(tag, made, harvest)
}

/** The tags of a device or group and of the groups in it; groups become a part of the name, with dots, as clients see them. */
function* tagsOf(parent: unknown, place: string, prefix: string, isForced: boolean): Generator<KepwareTag> {
  for (const [at, tag] of listOf(get(parent, 'tags')).entries()) {
    const of = (name: string) => get(tag, `servermain.TAG_${name}`)
    const type = Number(of('DATA_TYPE') ?? -1)
    const base = TYPES[type >= 20 ? type - 20 : type]
    const rate = Number(of('SCAN_RATE_MILLISECONDS') ?? 0)
    yield {
      place: `${place}.tags[${at}]`,
      name: `${prefix}${textAt(tag, NAME) ?? ''}`,
      address: textAt(tag, 'servermain.TAG_ADDRESS') ?? '',
      type: base === undefined ? 'Default' : `${base}${type >= 20 ? ' Array' : ''}`,
      writable: of('READ_WRITE_ACCESS') === 1,
      everyMs: isForced || !(rate > 0) ? undefined : rate,
      scaling: scalingOf(tag),
      description: textAt(tag, 'common.ALLTYPES_DESCRIPTION'),
    }
  }
  for (const [at, group] of listOf(get(parent, 'tag_groups')).entries())
    yield* tagsOf(group, `${place}.tag_groups[${at}]`, `${prefix}${textAt(group, NAME) ?? ''}.`, isForced)
}

function scalingOf(tag: unknown): KepwareScaling {
  const of = (name: string) => numberAt(tag, `servermain.TAG_SCALING_${name}`)
  const is = (name: string) => flagAt(tag, `servermain.TAG_SCALING_${name}`) === true
  return {
    kind: SCALINGS[of('TYPE') ?? 0] ?? 'unknown',
    rawLow: of('RAW_LOW') ?? 0,
    rawHigh: of('RAW_HIGH') ?? 1000,
    low: of('SCALED_LOW') ?? 0,
    high: of('SCALED_HIGH') ?? 1000,
    clampLow: is('CLAMP_LOW'),
    clampHigh: is('CLAMP_HIGH'),
    negate: is('NEGATE_VALUE'),
    unit: textAt(tag, 'servermain.TAG_SCALING_UNITS') ?? '',
  }
}
