/**
 * `/api/v1/devices/{device}/tools`: what the driver of a device offers besides tags (raw registers, the byte order of a value), over
 * the connection that the gateway has already. Tools only read, but for `forget`, which needs `devices.manage` and goes on record; how many run at once is bounded.
 */
import { z } from 'zod'
import { isAbort, BusyError, GatewayError } from '../../core/errors.ts'
import type { DeviceSession } from '../../polling/session.ts'
import type { App, RouteContext } from '../app.ts'
import { forbidden } from '../auth/check.ts'
import { LIMITS } from '../limits.ts'
import { answers, deviceParams, toolParams, toolResultSchema, toolsSchema } from '../schemas.ts'
import { polledDevice } from '../shown-devices.ts'
import { invalidRequest } from '../validation.ts'
import { onRecord } from './profile.ts'
import { whenGone } from '../when-gone.ts'

/** A tool that has not ended by then is given up. */
const TOOL_LIMIT_MS = 120_000
const MAX_RUNNING = 8
const RETRY_MS = 1000

export function toolRoutes(app: App, { gateway }: RouteContext): void {
  let running = 0

  app.route({
    method: 'GET',
    url: '/api/v1/devices/:device/tools',
    config: { permission: 'diagnose' },
    schema: {
      tags: ['devices'],
      summary: 'What can be done with a device besides tags',
      params: deviceParams,
      response: answers(toolsSchema),
    },
    handler: (request) => {
      const { type } = polledDevice(gateway, request.params.device)
      const tools = (type.tools ?? []).map(({ name, summary, input }) => ({
        name,
        summary,
        input: z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' }),
      }))
      return { tools, next: null }
    },
  })

  app.route({
    method: 'POST',
    url: '/api/v1/devices/:device/tools/:tool',
    config: {
      permission: 'diagnose',
      problems: ['NOT_CONNECTED', 'TIMEOUT', 'DEVICE_REFUSED', 'PROTOCOL_VIOLATION', 'ACCESS_REFUSED'],
    },
    bodyLimit: LIMITS.toolBodyBytes,
    schema: {
      tags: ['devices'],
      summary: 'Run a tool on a device',
      description: 'It asks the device over the connection of the polls and in turn with them, and only reads.',
      params: toolParams,
      body: z.record(z.string(), z.unknown()).nullish().describe('The fields of the tool'),
      response: answers(toolResultSchema),
    },
    handler: async (request, reply) => {
      const session = polledDevice(gateway, request.params.device)
      checkInput(session, request.params.tool, request.body ?? {})
      const manages = session.type.tools?.find(({ name }) => name === request.params.tool)?.manages === true
      if (manages && !request.principal.mayFor('devices.manage', session.name))
        throw forbidden(request.principal, 'devices.manage', session.name)
      if (running >= MAX_RUNNING) throw new BusyError(`${running} tools run already`, RETRY_MS)
      const ended = new AbortController()
      whenGone(reply, () => ended.abort())
      running++
      try {
        const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(TOOL_LIMIT_MS)])
        // Other devices may be behind the same connection.
        const confined = !request.principal.isWhole('diagnose')
        const run = () => session.tool(request.params.tool, request.body ?? {}, signal, confined)
        return await (manages ? onRecord(gateway, request, session, run) : run())
      } catch (error) {
        throw timeoutOf(error) ?? error
      } finally {
        running--
      }
    },
  })
}

/** A first check, for words that people understand; who finds no such tool is the session. */
function checkInput({ type }: DeviceSession, tool: string, given: unknown): void {
  const result = type.tools?.find(({ name }) => name === tool)?.input.safeParse(given)
  if (result?.success === false) throw invalidRequest(tool, result.error.issues)
}

/** What the end of the time looks like from inside. */
function timeoutOf(cause: unknown): GatewayError | undefined {
  const isOver = isAbort(cause) || (cause instanceof Error && cause.name === 'TimeoutError')
  if (!isOver) return undefined
  return new GatewayError('TIMEOUT', `the tool did not end within ${TOOL_LIMIT_MS / 1000} s`, { cause })
}
