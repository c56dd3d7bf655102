/** `/api/v1/writes/…`: the lock of all writes, and the writes that wait for a second person. */
import { z } from 'zod'
import type { PendingWrite } from '../../commands/pending-writes.ts'
import type { LockState } from '../../commands/writes-lock.ts'
import { GatewayError, type ErrorCode } from '../../core/errors.ts'
import { toJsonValue } from '../../core/value.ts'
import type { App, RouteContext } from '../app.ts'
import type { Principal } from '../../core/permissions.ts'
import { askerOf } from '../auth/asker.ts'
import { answers, writeResultSchema } from '../schemas.ts'
import { explainFailure, writeResultView } from '../write-views.ts'

const tags = ['writes']
/** What may become of a write, beside what it should. */
export const OF_WRITES = [
  'NOT_CONNECTED',
  'TIMEOUT',
  'INVALID_VALUE',
  'WRITE_FORBIDDEN',
  'WRITE_FAILED',
  'WRITE_UNKNOWN',
  'WRITE_SUPERSEDED',
  'WRITE_EXPIRED',
  'WRITE_LOCKED',
  'WRITE_INTERLOCKED',
  'CHANGED_MEANWHILE',
] as const satisfies readonly ErrorCode[]
const reason = z.string().max(1000).optional().describe('Why, for the audit')
const params = z.object({ id: z.string().max(100).describe('Of the write that waits') })
const lockSchema = z.object({
  locked: z.boolean(),
  by: z.string().nullable(),
  since: z.string().nullable(),
  reason: z.string().nullable(),
})
const jsonValue = z.union([z.number(), z.boolean(), z.string(), z.null()])
const pendingSchema = z.object({
  id: z.string(),
  device: z.string(),
  tag: z.string(),
  before: jsonValue.describe('The value when it was asked for'),
  value: jsonValue.describe('What would be written'),
  user: z.string().describe('Who asked'),
  from: z.string(),
  reason: z.string().nullable(),
  askedAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
})

export function writesRoutes(app: App, { gateway }: RouteContext): void {
  const { commands, writesLock } = gateway

  app.route({
    method: 'GET',
    url: '/api/v1/writes/lock',
    config: { permission: 'view' },
    schema: { tags, summary: 'Whether all writes are locked, by whom and why', response: answers(lockSchema) },
    handler: async () => lockView(writesLock.state),
  })

  app.route({
    method: 'PUT',
    url: '/api/v1/writes/lock',
    config: { permission: 'lock' },
    schema: {
      tags,
      summary: 'Lock all writes',
      description: 'Nothing is written to a device from now on, over restarts, by whatever road: API, sinks, proxies.',
      body: z.strictObject({ reason: z.string().trim().min(1).max(1000).describe('Why: everybody sees it') }),
      response: answers(lockSchema),
    },
    handler: async (request) => lockView(await writesLock.lock({ ...askerOf(request), reason: request.body.reason })),
  })

  app.route({
    method: 'DELETE',
    url: '/api/v1/writes/lock',
    config: { permission: 'lock' },
    schema: { tags, summary: 'Unlock writes', querystring: z.object({ reason }), response: answers(lockSchema) },
    handler: async (request) => {
      await writesLock.unlock(askerOf(request, request.query.reason))
      return lockView(writesLock.state)
    },
  })

  app.route({
    method: 'GET',
    url: '/api/v1/writes/pending',
    config: { permission: 'view' },
    schema: {
      tags,
      summary: 'Writes that wait for a second person',
      response: answers(z.object({ pending: z.array(pendingSchema), next: z.null() })),
    },
    handler: async (request) => ({
      pending: commands.pending.filter((one) => request.principal.mayFor('view', one.request.device)).map(pendingView),
      next: null,
    }),
  })

  app.route({
    method: 'POST',
    url: '/api/v1/writes/pending/:id/approve',
    config: { permission: 'approve', problems: [...OF_WRITES, 'CONFLICT'] },
    schema: {
      tags,
      summary: 'Approve a write that somebody else asked for',
      description:
        'Lock, range, step, interlock and the present value are looked at anew; then it is written and read back. Whoever asked for it cannot approve it.',
      params,
      body: z.strictObject({ reason }).nullish(),
      response: answers(writeResultSchema),
    },
    handler: async (request) => {
      const { id } = request.params
      const waiting = waitingFor(request.principal, id)
      const result = await commands
        .approve(id, askerOf(request, request.body?.reason))
        .catch((error: unknown) => explainFailure(error, request.principal))
      return writeResultView(waiting.request, result)
    },
  })

  app.route({
    method: 'POST',
    url: '/api/v1/writes/pending/:id/reject',
    config: { permission: 'approve' },
    schema: {
      tags,
      summary: 'Reject a write that waits, also an own one',
      params,
      body: z.strictObject({ reason }).nullish(),
      response: answers(z.object({ rejected: z.string() })),
    },
    handler: async (request) => {
      const { id } = request.params
      waitingFor(request.principal, id)
      await commands.reject(id, askerOf(request, request.body?.reason))
      return { rejected: id }
    },
  })

  /** Whoever may not see the device learns nothing of its writes. */
  function waitingFor(principal: Principal, id: string): PendingWrite {
    const waiting = commands.pending.find((one) => one.id === id)
    if (waiting === undefined || !principal.mayFor('view', waiting.request.device))
      throw new GatewayError('NOT_FOUND', `no write with the id ${id} waits for approval`)
    if (!principal.mayFor('approve', waiting.request.device))
      throw new GatewayError('FORBIDDEN', `the permission approve is missing for ${waiting.request.device}`)
    return waiting
  }
}

const lockView = (state: LockState | undefined) => ({
  locked: state !== undefined,
  by: state?.by ?? null,
  since: state?.since ?? null,
  reason: state?.reason ?? null,
})

export const pendingAnswerSchema = z.object({ pending: pendingSchema })

/** As JSON shows it. */
export function pendingView({ id, request, before, after, askedAt, expiresAt }: PendingWrite) {
  const { device, tag, user, from, reason: why = null } = request
  return {
    id,
    device,
    tag,
    before: toJsonValue(before),
    value: after as z.output<typeof jsonValue>,
    user,
    from,
    reason: why,
    askedAt: new Date(askedAt).toISOString(),
    expiresAt: new Date(expiresAt).toISOString(),
  }
}
