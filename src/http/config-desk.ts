/** What the routes of the configuration share: who asks, on top of which version, and what came of it. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Author } from '../config/history/history.ts'
import type { EditPlan, EditRequest } from '../config/live/editing.ts'
import type { LiveConfig } from '../config/live/live-config.ts'
import type { Applied } from '../config/live/status.ts'
import { countLine, differenceLines, loadLines } from '../config/plan/plan-lines.ts'
import type { Plan } from '../config/plan/plan.ts'
import { ConfigError, formatProblem } from '../config/problem.ts'
import { changeLines } from '../core/change-report.ts'
import { duration } from '../core/duration.ts'
import { GatewayError } from '../core/errors.ts'
import type { Gateway } from '../gateway.ts'
import { askerOf } from './auth/asker.ts'
import { isoOf } from './views.ts'

export const message = z.string().max(500).optional().describe('Why, for the history and the audit')
export const confirmWithin = duration({ minMs: 1000, maxMs: 86_400_000 })
  .optional()
  .describe('It goes back by itself unless it is confirmed within this time, or sooner when data stops: `5m`')

/** How a change is made; in the body, or in the query of a DELETE. */
export interface How {
  readonly dryRun: boolean
  readonly message?: string | undefined
  readonly confirmWithin?: number | undefined
}

/** What is to be changed; `needsMatch`: only by who says which version they have seen. */
export interface Edits extends Pick<EditRequest, 'edits' | 'objects'> {
  readonly needsMatch?: boolean
}

export type Asked = Pick<FastifyRequest, 'ip' | 'principal' | 'headers' | 'correlation'>

/** The configuration of a gateway that was started from files. Throws NOT_FOUND. */
export function liveConfigOf({ configuration }: Gateway): LiveConfig {
  if (configuration !== undefined) return configuration
  throw new GatewayError('NOT_FOUND', 'this gateway was started without a configuration file that could be read again')
}

export const authorOf = (request: Asked, why: string | undefined): Author => {
  const { user, from, trace } = askerOf(request)
  const { kind } = request.principal
  const mayChangeAccess = kind === 'open' || request.principal.may('accounts.manage')
  return { user, from, trace, message: why, mayChangeAccess }
}

/** `If-Match: "hash"`; `*` and absent: whatever runs. */
export function matchOf({ headers }: Pick<FastifyRequest, 'headers'>): string | undefined {
  const given = headers['if-match']
  return typeof given !== 'string' || given === '*' ? undefined : given.replace(/^(?:W\/)?"(.*)"$/, '$1')
}

/** The ETag of everything that is said of the configuration: the hash of the version that runs. */
export const withEtag = (reply: FastifyReply, live: LiveConfig): FastifyReply => reply.header('etag', `"${live.hash}"`)

/** Makes the edits, or says what they would come to. What is there already is changed only by who says which version they have seen. */
export async function edit(
  live: LiveConfig,
  asked: Asked,
  { edits, objects, needsMatch = objects.length > 0 }: Edits,
  { dryRun, message: why, confirmWithin: confirmWithinMs }: How,
) {
  const request = { edits, objects, ifMatch: matchOf(asked), confirmWithinMs }
  if (dryRun) return { dryRun, plan: await planned(() => live.planEdits(request)), applied: null }
  if (needsMatch && asked.headers['if-match'] === undefined)
    throw new GatewayError(
      'IF_MATCH_REQUIRED',
      'which version have you seen? Send its ETag as If-Match, or `If-Match: *` to change what is there whatever it is',
    )
  return { dryRun, plan: null, applied: await told(() => live.edit(request, authorOf(asked, why))) }
}

/** Every problem with its place, as the command line shows it. */
export async function told(apply: () => Promise<Applied>) {
  const { version, hash, report, confirmUntil } = await withProblems(apply)
  return { version, hash, changes: changeLines(report), report, confirmUntil: isoOf(confirmUntil) ?? null }
}

export const planned = async (plan: () => Promise<Plan | EditPlan>) => planView(await withProblems(plan))

/** A plan as programs and people see it. */
export function planView(made: Plan | EditPlan) {
  const { counts, differences, load, loadBefore } = made
  return {
    counts,
    differences: differences.slice(0, MOST_DIFFERENCES),
    lines: [
      ...differenceLines(differences.slice(0, MOST_DIFFERENCES)),
      countLine(counts),
      ...loadLines(load, loadBefore),
    ],
    load,
    loadBefore: loadBefore ?? null,
    patch: 'patch' in made ? made.patch : null,
  }
}

/** More than this nobody reads: `counts` says how many there are. */
const MOST_DIFFERENCES = 1000

async function withProblems<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const errors = error.problems.map((problem) => ({ detail: formatProblem(problem), pointer: '#' }))
    throw new GatewayError('CONFIG_INVALID', error.message, { details: { errors } })
  }
}
