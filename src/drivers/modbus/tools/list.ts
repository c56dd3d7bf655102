/** What people can do with one Modbus device besides reading and writing tags; one file a tool. */
import type { DriverTool } from '../../../core/driver.ts'
import { detect } from './detect.ts'
import { dump } from './dump.ts'
import { identify } from './identify.ts'
import { forgetTool, profileTool } from './profile.ts'
import { sunspecTool } from './sunspec.ts'

export const tools: readonly DriverTool[] = [dump, identify, detect, sunspecTool, profileTool, forgetTool]
