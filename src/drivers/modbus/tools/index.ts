/** What people can do with one Modbus device besides reading and writing tags; one file a tool. */
import type { DriverTool } from '../../../core/driver.ts'

export const tools: readonly DriverTool[] = []
