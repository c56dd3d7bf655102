/** `/api/v1/config/…`: how the configuration of the running gateway stands, and what people do with it as a whole. */
import { z } from 'zod'
import type { LiveConfig } from '../../config/live/live-config.ts'
import type { Version } from '../../config/history/history.ts'
import type { App, RouteContext } from '../app.ts'
import { authorOf, confirmWithin, liveConfigOf, matchOf, message, told } from '../config-desk.ts'
import { appliedSchema, configStatusSchema, versionSchema } from '../config-schemas.ts'
import { answers } from '../schemas.ts'
import { isoOf } from '../views.ts'

const changing = {
  permission: 'config.write',
  problems: ['NOT_FOUND', 'CONFIG_INVALID', 'CONFLICT', 'CHANGED_MEANWHILE', 'CONFIG_READ_ONLY'],
} as const
const reloadBody = z.strictObject({ message }).nullish()
const applyBody = z
  .strictObject({
    files: z
      .record(z.string(), z.string())
      .optional()
      .describe('Files as they shall be, by their path beside the configuration; absent: as they are on the disk'),
    message,
    confirmWithin,
  })
  .nullish()
const rollbackBody = z.strictObject({ version: z.int().min(1), message, confirmWithin })

export function configLiveRoutes(app: App, { gateway }: RouteContext): void {
  const tags = ['configuration']
  const live = (): LiveConfig => liveConfigOf(gateway)

  app.route({
    method: 'GET',
    url: '/api/v1/config/status',
    config: { permission: 'config.read', problems: ['NOT_FOUND'] },
    schema: {
      tags,
      summary: 'How the configuration stands',
      description: 'The ETag is the hash of what runs: send it as If-Match with `apply` and `rollback`.',
      response: answers(configStatusSchema),
    },
    handler: (_request, reply) => {
      const status = live().status
      return reply.header('etag', `"${status.hash}"`).send(statusView(status))
    },
  })

  app.route({
    method: 'POST',
    url: '/api/v1/config/reload',
    config: changing,
    schema: {
      tags,
      summary: 'Run by what is in the files now',
      description:
        'Touches only what differs. Where the files are not good nothing changes: CONFIG_INVALID with every problem.',
      body: reloadBody,
      response: answers(appliedSchema),
    },
    handler: (request) => told(() => live().reload(authorOf(request, request.body?.message))),
  })

  app.route({
    method: 'POST',
    url: '/api/v1/config/apply',
    config: changing,
    schema: {
      tags,
      summary: 'Write files and run by them, on trial where `confirmWithin` says so',
      description:
        'Checked before a file is touched. With If-Match: only while that version runs, else CHANGED_MEANWHILE.',
      body: applyBody,
      response: answers(appliedSchema),
    },
    handler: (request) => {
      const { files, confirmWithin: confirmWithinMs, message: why } = request.body ?? {}
      return told(() => live().apply({ files, confirmWithinMs, ifMatch: matchOf(request) }, authorOf(request, why)))
    },
  })

  app.route({
    method: 'POST',
    url: '/api/v1/config/confirm',
    config: changing,
    schema: {
      tags,
      summary: 'Keep the version that is on trial',
      body: reloadBody,
      response: answers(z.object({ version: z.int() })),
    },
    handler: (request) => live().confirm(authorOf(request, request.body?.message)),
  })

  app.route({
    method: 'GET',
    url: '/api/v1/config/history',
    config: { permission: 'config.read', problems: ['NOT_FOUND'] },
    schema: {
      tags,
      summary: 'Versions that were applied, newest first',
      response: answers(z.object({ versions: z.array(versionSchema), next: z.null() })),
    },
    handler: () => ({ versions: live().history.versions.toReversed().map(versionView), next: null }),
  })

  app.route({
    method: 'POST',
    url: '/api/v1/config/rollback',
    config: changing,
    schema: {
      tags,
      summary: 'Write the files of an earlier version back, and run by them',
      body: rollbackBody,
      response: answers(appliedSchema),
    },
    handler: (request) => {
      const { version, confirmWithin: confirmWithinMs, message: why } = request.body
      return told(() =>
        live().rollback(version, { confirmWithinMs, ifMatch: matchOf(request) }, authorOf(request, why)),
      )
    },
  })
}

export function statusView({ appliedAt, lastSuccessAt, lastReload, trial, ...rest }: LiveConfig['status']) {
  return {
    ...rest,
    appliedAt: isoOf(appliedAt)!,
    lastSuccessAt: isoOf(lastSuccessAt)!,
    lastReload: { ok: lastReload.ok, at: isoOf(lastReload.at)!, problems: lastReload.problems },
    trial: trial && { version: trial.version, previous: trial.previous, until: isoOf(trial.until)! },
  }
}

/** A version as programs see it. */
export const versionView = ({ number, hash, time, user, source, message: why, files }: Version) => ({
  version: number,
  hash,
  time,
  user,
  source,
  message: why,
  files: Object.keys(files),
})
