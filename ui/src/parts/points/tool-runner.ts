/** Runs a tool of a driver: on a device that is configured, or on one that is only described. The parts that look into devices need no more. */
import { call } from '../../api/client.ts'

export type ToolRunner = (
  tool: string,
  input: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
) => Promise<unknown>

/** Over the connection of its polls. */
export const toolsOfDevice =
  (device: string): ToolRunner =>
  (tool, input, signal) =>
    call('POST /api/v1/devices/{device}/tools/{tool}', { params: { device, tool }, body: input, signal })

/** A device that is not configured; nothing is kept of it. */
export const toolsOfTrial =
  (driver: string, options: Readonly<Record<string, unknown>>): ToolRunner =>
  (tool, input, signal) =>
    call('POST /api/v1/connections/tools/{tool}', { params: { tool }, body: { driver, options, input }, signal })
