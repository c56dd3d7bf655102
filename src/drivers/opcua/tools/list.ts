/** What people can do with one OPC UA server besides reading and writing tags; one file a tool. */
import type { DriverTool } from '../../../core/driver.ts'
import { browse } from './browse.ts'
import { compare } from './compare.ts'
import { endpoints } from './endpoints.ts'
import { identify } from './identify.ts'
import { nodeTool } from './node.ts'
import { search } from './search.ts'
import { tagsTool } from './tags.ts'

export const tools: readonly DriverTool[] = [endpoints, identify, browse, search, nodeTool, tagsTool, compare]
