/** Runs one tool of a driver type for a device: finds it, checks what it is given, and lets it ask over the device's line. */
import type { Driver, DriverTool, DriverType, LineAccess } from '../core/driver.ts'
import { GatewayError, NotConnectedError } from '../core/errors.ts'

/** A tool that was found, and its input, parsed by its schema. */
export interface ToolCall {
  readonly tool: DriverTool
  readonly input: never
}

/** Throws NOT_FOUND when the driver has no such tool, INVALID_REQUEST with the fields when the input is not what it takes. */
export function parseToolCall(type: DriverType, name: string, given: unknown): ToolCall {
  const tool = type.tools?.find((candidate) => candidate.name === name)
  if (tool === undefined) throw new GatewayError('NOT_FOUND', `${type.name} has no tool ${name}${known(type)}`)
  const result = tool.input.safeParse(given)
  if (result.success) return { tool, input: result.data as never }
  const errors = result.error.issues.map(({ path, message }) => ({
    detail: `${path.join(' ') || name}: ${message.replace(/^Invalid input: /, '')}`,
    pointer: ['#', ...path.map(pointerStep)].join('/'),
  }))
  throw new GatewayError('INVALID_REQUEST', errors.map(({ detail }) => detail).join('; '), { details: { errors } })
}

/** Resolves with the tool's JSON; rejects with NotConnectedError while there is no connection and the tool needs one. */
export async function runTool(
  device: string,
  { tool, input }: ToolCall,
  driver: Driver<unknown>,
  access: LineAccess,
  signal: AbortSignal,
): Promise<unknown> {
  if (tool.offline !== true && !access.connected) throw new NotConnectedError(`${device} is not connected`)
  return await tool.run(input, driver, access, signal)
}

function known({ tools = [] }: DriverType): string {
  return tools.length === 0 ? '' : `; it has ${tools.map(({ name }) => name).join(', ')}`
}

/** A step of a JSON Pointer in a URI fragment (RFC 6901, 3 and 6). */
const pointerStep = (step: PropertyKey): string =>
  encodeURIComponent(String(step).replaceAll('~', '~0').replaceAll('/', '~1'))
