/**
 * Who the device behind a server is, as OPC UA for Devices has it (OPC 10000-100, 4.5.3): the properties of the one device in the
 * folder DeviceSet. A server of many devices is none of them.
 */
import type { Identity } from '../../../core/driver.ts'
import { toText } from '../../../protocols/opcua/value.ts'
import type { Connection } from './connection.ts'
import { foundBy, goodValue } from './found-node.ts'
import { resolveNodes } from './nodes.ts'
import { Attribute, readAttributes } from './reading.ts'
import { browseAll, ReferenceType } from './references.ts'

const DI = 'http://opcfoundation.org/UA/DI/'
const MOST_DEVICES = 50
const MOST_PROPERTIES = 200
const MOST_TEXT = 200
const OBJECT = 1

/** Properties of a device, and what they are to us. */
const FIELDS: Readonly<Record<string, keyof Identity>> = {
  Manufacturer: 'vendor',
  Model: 'product',
  SerialNumber: 'serial',
  SoftwareRevision: 'firmware',
}

/** What the device says; empty where there is none, or more than one. */
export async function readDeviceIdentity(connection: Connection, signal: AbortSignal): Promise<Identity> {
  if (!connection.namespaces.includes(DI)) return {}
  const [folder] = await resolveNodes(connection, [{ kind: 'path', names: [{ namespace: DI, name: 'DeviceSet' }] }])
  if (folder?.nodeId === undefined) return {}
  const below = { type: ReferenceType.hierarchical, most: MOST_DEVICES }
  const [devices] = await browseAll(connection, [folder.nodeId], below, signal)
  const objects = devices!.references.flatMap((reference) => foundBy(connection, reference) ?? [])
  const ids = objects.filter(({ nodeClass }) => nodeClass === OBJECT).map(({ nodeId }) => nodeId)
  const properties = await browseAll(
    connection,
    ids,
    { type: ReferenceType.hasProperty, most: MOST_PROPERTIES },
    signal,
  )
  const found = properties.map(({ references }) =>
    references.flatMap((reference) => {
      const node = foundBy(connection, reference)
      const field = node === undefined ? undefined : FIELDS[node.browseName.name]
      return node === undefined || field === undefined ? [] : [{ field, nodeId: node.nodeId }]
    }),
  )
  // DeviceSet has other things than devices in it, such as the features of the server.
  const named = found.filter((fields) => fields.some(({ field }) => field === 'vendor' || field === 'serial'))
  if (named.length !== 1) return {}
  const asked = named[0]!.map(({ nodeId }) => ({ nodeId, attributeId: Attribute.Value }))
  const values = await readAttributes(connection.session, connection.limits, asked)
  const texts = named[0]!.map(({ field }, at) => [field, textOf(goodValue(values[at]))] as const)
  return Object.fromEntries(texts.filter(([, text]) => text !== ''))
}

const textOf = (value: unknown): string => (value === undefined ? '' : (toText(value) ?? '').trim().slice(0, MOST_TEXT))
