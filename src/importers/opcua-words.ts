/** Words of OPC UA that the importers share: policies and modes, data types. */
import type { DataType } from '../core/value.ts'
import type { Harvest } from './harvest.ts'

export const UNKNOWN_TYPE =
  'its data type is not in the file: float64 is assumed, `bifrost opcua browse` shows the real one'

/** Options for what another program calls policy and mode. Policies that are broken are not carried over: ours takes the best there is. */
export function opcuaSecurity(
  given: { policy: string | undefined; mode: string | undefined },
  place: string,
  harvest: Harvest,
): Record<string, unknown> {
  const policy = (given.policy ?? '').replace(/^.*#/, '').replaceAll('-', '_').toLowerCase()
  const mode = (given.mode ?? '').toLowerCase()
  if (policy === 'none') return { securityPolicy: 'None' }
  const known = ['Basic256Sha256', 'Aes128_Sha256_RsaOaep', 'Aes256_Sha256_RsaPss'].find((one) => one.toLowerCase() === policy) // prettier-ignore
  if (policy === 'basic128rsa15' || policy === 'basic256')
    harvest.leave(place, `security policy ${given.policy}`, 'it is broken and not offered', 'The strongest that the server offers is taken.') // prettier-ignore
  return {
    ...(known === undefined ? {} : { securityPolicy: known }),
    ...(mode === 'sign' ? { securityMode: 'Sign' } : {}),
  }
}

const TYPES: Record<string, DataType> = {
  boolean: 'bool', sbyte: 'int8', byte: 'uint8', int16: 'int16', uint16: 'uint16', int32: 'int32', uint32: 'uint32',
  int64: 'int64', uint64: 'uint64', float: 'float32', double: 'float64', string: 'string', localizedtext: 'string',
  bytestring: 'bytes', datetime: 'string', guid: 'string', nodeid: 'string',
} // prettier-ignore

/** Our type for a built-in type of OPC UA (OPC 10000-6, 5.1.2), by its name. */
export const opcuaType = (name: string): DataType | undefined =>
  Object.hasOwn(TYPES, name.toLowerCase()) ? TYPES[name.toLowerCase()] : undefined
