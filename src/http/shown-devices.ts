/** The devices that people see: those that are polled, and those that come from other gateways. */
import { GatewayError } from '../core/errors.ts'
import type { Gateway } from '../gateway.ts'
import type { ReceivedDevice } from '../ingest/received-devices.ts'
import type { DeviceSession } from '../polling/session.ts'

export type ShownDevice = DeviceSession | ReceivedDevice

/** The device of this name; undefined: there is none. */
export const shownDevice = ({ polling, receiver }: Gateway, name: string): ShownDevice | undefined =>
  polling.device(name) ?? receiver?.devices.find(name)

/** The polled device of this name; throws NOT_FOUND, and says so where another gateway polls it. */
export function polledDevice(gateway: Gateway, name: string): DeviceSession {
  const device = shownDevice(gateway, name)
  if (device === undefined) throw new GatewayError('NOT_FOUND', `there is no device ${name}`)
  if (!isReceived(device)) return device
  throw new GatewayError(
    'NOT_FOUND',
    `${name} is not polled here: it comes from the gateway ${device.client}, so ask there`,
  )
}

/** All of them, in the order of the configuration, received ones last. */
export const shownDevices = ({ polling, receiver }: Gateway): readonly ShownDevice[] =>
  receiver === undefined ? polling.devices : [...polling.devices, ...receiver.devices.all]

export const isReceived = (device: ShownDevice): device is ReceivedDevice => 'client' in device
