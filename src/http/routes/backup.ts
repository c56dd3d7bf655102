/**
 * `/api/v1/backup`: the gateway's settings as one file, what restoring it would change, and restoring it. No secret is in it. The configuration
 * is applied like any other change: checked, on record, in the history, on trial where that is asked for; what lies in the data folder is
 * only added to.
 */
import { randomUUID } from 'node:crypto'
import { basename, isAbsolute } from 'node:path'
import { z } from 'zod'
import { decodeBackup, encodeBackup, manifestSchema, PARTS, type Backup, type BackupFile, type BackupPart } from '../../backup/archive.ts' // prettier-ignore
import { DATA_PARTS, filesOfPart, planPart, restorePart, type PartPlan } from '../../backup/folders.ts'
import type { LiveConfig } from '../../config/live/live-config.ts'
import { ConfigError, formatProblem } from '../../config/problem.ts'
import { BusyError, GatewayError } from '../../core/errors.ts'
import type { Permission, Principal } from '../../core/permissions.ts'
import type { Gateway } from '../../gateway.ts'
import type { App, RouteContext } from '../app.ts'
import { askerOf } from '../auth/asker.ts'
import { forbidden } from '../auth/check.ts'
import { authorOf, confirmWithin, liveConfigOf, matchOf, message, planView, told } from '../config-desk.ts'
import { planSchema } from '../config-edit-schemas.ts'
import { appliedSchema } from '../config-schemas.ts'
import { LIMITS } from '../limits.ts'
import { answers } from '../schemas.ts'
import { isoOf } from '../views.ts'

const TYPE = 'application/gzip'
const RETRY_MS = 2000
const tags = ['configuration']
const archive = z.base64().min(1).describe('The file of `GET /api/v1/backup`, as base64')
const secrets = z
  .record(z.string().max(4096), z.string().min(1).max(65_536))
  .optional()
  .describe('Secrets that this gateway does not have, by their place as `preview` names it: `conf.d/sinks.yaml:6:65`')

const partSchema = z.object({
  part: z.enum(PARTS),
  create: z.array(z.string()),
  change: z.array(z.string()),
  remove: z.array(z.string()),
  same: z.int(),
  kept: z.array(z.string()).describe('There is another one of that name: it stays'),
  refused: z.array(z.string()).describe('Nothing that belongs there: it is passed over'),
})

const previewSchema = z.object({
  ok: z.boolean().describe('It can be restored as it is'),
  manifest: manifestSchema.omit({ files: true }).extend({ files: z.int().describe('How many') }),
  parts: z.array(partSchema),
  plan: planSchema.nullable().describe('What the configuration would change; null where it is not good'),
  problems: z.array(z.string()).describe('Why its configuration cannot be used here'),
  missingSecrets: z.array(z.string()).describe('Places of secrets that neither the backup nor this gateway has'),
})

const restoreBody = z.strictObject({
  archive,
  secrets,
  parts: z
    .array(z.enum(PARTS))
    .min(1)
    .default(['config'])
    .describe('What is restored; `certificates` trusts those that it adds; `profiles` count from the next start on'),
  message,
  confirmWithin,
})

const restoredSchema = z.object({
  applied: appliedSchema.nullable().describe('What came of the configuration; null: it was not asked for'),
  written: z.array(z.string()).describe('Files that were added to the data folder'),
})

/** What each part asks for beside `config.write`. */
const NEEDS: Readonly<Record<Exclude<BackupPart, 'config'>, Permission>> = {
  certificates: 'certificates.manage',
  parameters: 'parameters',
  profiles: 'devices.manage',
}

export function backupRoutes(app: App, { gateway }: RouteContext): void {
  const live = (): LiveConfig => liveConfigOf(gateway)
  let isUnpacking = false

  /** One at a time: unpacked each may be as large as `decodeBackup` takes. */
  async function unpacked(archive: string): Promise<Backup> {
    if (isUnpacking) throw new BusyError('another backup is being read', RETRY_MS)
    isUnpacking = true
    try {
      return await decodeBackup(Buffer.from(archive, 'base64'))
    } finally {
      isUnpacking = false
    }
  }

  app.route({
    method: 'GET',
    url: '/api/v1/backup',
    config: { permission: 'config.read', problems: ['NOT_FOUND', 'STORE_FAILED'] },
    exposeHeadRoute: false,
    schema: {
      tags,
      summary: 'The settings of the gateway as one file, without secrets',
      description:
        'Configuration, tag lists, templates, trusted certificates, parameter sets (for who may read them), learned profiles. Secrets are `***`; no private key, account or sample is in it.',
      response: {
        ...answers(z.unknown()),
        200: { description: 'A backup', content: { [TYPE]: { schema: z.string() } } },
      },
    },
    handler: async (request, reply) => {
      const bytes = await makeBackup(gateway, live(), request.principal)
      const { user, from, trace } = askerOf(request)
      await gateway.audit.record({ action: 'backup.create', user, from, trace, object: 'backup', outcome: 'done' })
      const day = isoOf(gateway.clock.now())!.slice(0, 10)
      return reply.type(TYPE).header('content-disposition', `attachment; filename="bifrost-${day}.tar.gz"`).send(bytes)
    },
  })

  app.route({
    method: 'POST',
    url: '/api/v1/backup/preview',
    config: { permission: 'config.read', problems: ['NOT_FOUND'] },
    bodyLimit: LIMITS.configBodyBytes,
    schema: {
      tags,
      summary: 'What restoring a backup would change',
      description:
        'Nothing is written. A file that is damaged, foreign or of a newer format is refused with a sentence.',
      body: z.strictObject({ archive, secrets }),
      response: answers(previewSchema),
    },
    handler: async ({ body }, reply) => {
      const seen = live().hash
      const backup = await unpacked(body.archive)
      const { files: all, ...about } = backup.manifest
      const files = configFiles(backup, live())
      const missingSecrets: string[] = []
      live().shown.restored(files, { given: body.secrets, missing: missingSecrets })
      const stand = Object.fromEntries(missingSecrets.map((place) => [place, 'a secret that is missing']))
      const { plan, problems } = await planned(live(), { files, secrets: { ...stand, ...body.secrets } })
      const parts = [configPart(files, live()), ...(await dataParts(gateway, backup))]
      return reply.header('etag', `"${seen}"`).send({
        ok: problems.length === 0 && missingSecrets.length === 0,
        manifest: { ...about, files: all.length },
        parts,
        plan,
        problems,
        missingSecrets,
      })
    },
  })

  app.route({
    method: 'POST',
    url: '/api/v1/backup/restore',
    config: {
      permission: 'config.write',
      problems: ['NOT_FOUND', 'CONFIG_INVALID', 'CONFLICT', 'CHANGED_MEANWHILE', 'CONFIG_READ_ONLY'],
    },
    bodyLimit: LIMITS.configBodyBytes,
    schema: {
      tags,
      summary: 'Restore a backup: all of its configuration, and what is missing in the data folder',
      description: 'Files beside the configuration that the backup does not have go. It can be rolled back like any change.', // prettier-ignore
      body: restoreBody,
      response: answers(restoredSchema),
    },
    handler: async (request) => {
      const { body, principal } = request
      const chosen = DATA_PARTS.filter(({ part }) => body.parts.includes(part))
      for (const { part } of chosen) if (!principal.isWhole(NEEDS[part])) throw forbidden(principal, NEEDS[part])
      const backup = await unpacked(body.archive)
      const { user, from, trace } = askerOf(request)
      const details = { what: `backup of ${backup.manifest.createdAt}: ${body.parts.join(', ')}` }
      const event = { id: randomUUID(), action: 'backup.restore', user, from, trace, object: 'backup', reason: body.message, details } // prettier-ignore
      await gateway.audit.record({ ...event, outcome: 'requested' })
      try {
        const applied = body.parts.includes('config') ? await applyConfig(live(), backup, request) : null
        const written: string[] = []
        for (const part of chosen) written.push(...(await restorePart(gateway.config.data, backup, part)))
        await gateway.audit.record({ ...event, outcome: 'done' })
        return { applied, written }
      } catch (error) {
        await gateway.audit
          .record({ ...event, outcome: error instanceof GatewayError ? error.code : 'INTERNAL' })
          .catch(() => undefined)
        throw error
      }
    },
  })
}

async function makeBackup(
  { config, clock, version }: Gateway,
  live: LiveConfig,
  principal: Principal,
): Promise<Buffer> {
  const { shown } = live
  const leftOut = [
    { what: 'secrets', why: 'they are *** in the configuration' },
    { what: 'private keys, accounts, samples, the audit log', why: 'they belong to this installation' },
    { what: 'figures, maintenance windows, the state of alerts, reports', why: 'they belong to this installation' },
  ]
  const files: BackupFile[] = []
  for (const { path } of shown.list) {
    if (isAbsolute(path) || path.startsWith('../')) {
      leftOut.push({ what: path, why: 'it lies outside of the folder of the configuration' })
      continue
    }
    const { text, masked } = shown.text(path)
    files.push({ path: `config/${path}`, part: 'config', bytes: Buffer.from(text), masked })
  }
  for (const one of DATA_PARTS) {
    // Who may not read the parameters of every device does not get them this way.
    if (one.part === 'parameters' && !principal.isWhole('parameters'))
      leftOut.push({ what: 'parameter sets', why: 'they need the permission parameters, for every device' })
    else files.push(...(await filesOfPart(config.data, one)))
  }
  const about = { main: basename(config.file), hash: live.hash, version: live.status.version }
  return encodeBackup({ createdAt: isoOf(clock.now())!, gateway: { version }, config: about, leftOut }, files)
}

type Request = Parameters<typeof authorOf>[0] & { readonly body: z.output<typeof restoreBody> }

function applyConfig(live: LiveConfig, backup: Backup, request: Request) {
  const { secrets: given, message: why, confirmWithin: confirmWithinMs } = request.body
  const author = authorOf(request, why ?? `restored from the backup of ${backup.manifest.createdAt}`)
  const files = configFiles(backup, live)
  return told(() => live.apply({ files, isWhole: true, secrets: given, confirmWithinMs, ifMatch: matchOf(request) }, author)) // prettier-ignore
}

/** The configuration of a backup by the paths that it has here: its first file may be called otherwise. */
function configFiles({ manifest, files }: Backup, live: LiveConfig): Record<string, string> {
  const named = manifest.files.filter(({ part }) => part === 'config')
  return Object.fromEntries(
    named.map(({ path }) => {
      const own = path.slice('config/'.length)
      const here = own === manifest.config.main ? basename(live.status.file) : own
      return [here, files.get(path)!.toString('utf8')]
    }),
  )
}

async function planned(live: LiveConfig, request: { files: Record<string, string>; secrets: Record<string, string> }) {
  try {
    const { warnings: _, ...plan } = await live.planFiles({ ...request, isWhole: true })
    return { plan: planView(plan), problems: [] }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return { plan: null, problems: error.problems.slice(0, 100).map((problem) => formatProblem(problem)) }
  }
}

function configPart(files: Record<string, string>, live: LiveConfig) {
  const here = new Map(live.shown.list.map(({ path }) => [path, live.shown.text(path).text]))
  const paths = Object.keys(files)
  const known = paths.filter((path) => here.has(path))
  const change = known.filter((path) => here.get(path) !== files[path])
  return {
    part: 'config' as const,
    create: paths.filter((path) => !here.has(path)),
    change,
    remove: [...here.keys()].filter((path) => !(path in files) && !isAbsolute(path) && !path.startsWith('../')),
    same: known.length - change.length,
    kept: [],
    refused: [],
  }
}

async function dataParts({ config }: Gateway, backup: Backup) {
  const plans: PartPlan[] = []
  for (const part of DATA_PARTS) plans.push(await planPart(config.data, backup, part))
  return plans.map((plan) => ({ ...plan, change: [], remove: [] }))
}
