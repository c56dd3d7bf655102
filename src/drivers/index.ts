/** The registry of drivers: one line a driver. Configuration, documentation, CLI and page derive from it. */
import type { DriverType } from '../core/driver.ts'
import { modbus } from './modbus/driver.ts'
import { opcua } from './opcua/driver.ts'
import { simulated } from './simulated/driver.ts'

/** Every driver of this gateway, in the order in which they are shown. */
export const drivers: readonly DriverType[] = [modbus, opcua, simulated]

/** The driver of that name, or undefined. */
export const driverByName = (name: string): DriverType | undefined => drivers.find((driver) => driver.name === name)
