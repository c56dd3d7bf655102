/** One `[[inputs.opcua]]` of Telegraf: nodes by id, or by namespace, type and identifier, alone and in groups with defaults. */
import type { DeviceHarvest, Harvest } from './harvest.ts'
import { opcuaSecurity, UNKNOWN_TYPE } from './opcua-words.ts'
import { get, goDurationMs, listOf, textAt, type Json } from './source-text.ts'

export function readOpcua(plugIn: Json, place: string, agentEveryMs: number | undefined, harvest: Harvest): void {
  const endpoint = textAt(plugIn, 'endpoint') ?? 'opc.tcp://localhost:4840'
  const everyMs = goDurationMs(get(plugIn, 'interval')) ?? agentEveryMs ?? 10_000
  const options = { endpoint, ...opcuaSecurity({ policy: textAt(plugIn, 'security_policy'), mode: textAt(plugIn, 'security_mode') }, place, harvest) } // prettier-ignore
  const device = harvest.device({ name: textAt(plugIn, 'name') ?? 'opcua', driver: 'opcua', options, everyMs, place })
  if ((textAt(plugIn, 'username') ?? '') !== '' || (textAt(plugIn, 'auth_method') ?? 'Anonymous') !== 'Anonymous')
    harvest.leave(place, 'user name, password or certificate', 'secrets are not copied', `Add user: { name: …, passwordFile: … } to the device "${device.name}".`) // prettier-ignore
  for (const [at, node] of listOf(get(plugIn, 'nodes')).entries())
    addNode(node, undefined, `${place}.nodes[${at}]`, device, harvest)
  for (const [at, group] of listOf(get(plugIn, 'group')).entries())
    for (const [n, node] of listOf(get(group, 'nodes')).entries())
      addNode(node, group, `${place}.group[${at}].nodes[${n}]`, device, harvest)
  for (const key of ['events', 'workarounds'])
    if (get(plugIn, key) !== undefined)
      harvest.leave(`${place}.${key}`, key, 'it has no counterpart that can be made from this', 'See docs/guide/opcua-events.md.') // prettier-ignore
}

function addNode(node: unknown, group: unknown, place: string, device: DeviceHarvest, harvest: Harvest): void {
  const name = textAt(node, 'name') ?? ''
  const address = textAt(node, 'id') ?? addressOf(node, group)
  if (address === undefined)
    return harvest.leave(place, `node "${name}"`, 'it has neither an id nor an identifier', 'Look the node up with `bifrost opcua browse`.') // prettier-ignore
  const prefix = textAt(group, 'name')
  harvest.change(place, `"${device.name}/${name}": ${UNKNOWN_TYPE}`)
  device.add({ name: prefix === undefined ? name : `${prefix}.${name}`, address, type: 'float64', place })
}

function addressOf(node: unknown, group: unknown): string | undefined {
  const own = (key: string): string | undefined => {
    const text = textAt(node, key)
    return text === undefined || text === '' ? textAt(group, key) : text
  }
  const [uri, namespace, type, identifier] = [own('namespace_uri'), own('namespace') ?? '0', own('identifier_type') ?? 's', own('identifier')] // prettier-ignore
  if (identifier === undefined || identifier === '') return undefined
  return uri === undefined || uri === '' ? `ns=${namespace};${type}=${identifier}` : `nsu=${uri};${type}=${identifier}`
}
