/** What a workflow of ours may not do, as sentences; tests show each rule a defect. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

export interface Step {
  readonly uses?: string
  readonly run?: string
  readonly shell?: string
  readonly env?: Readonly<Record<string, string>>
  readonly with?: Readonly<Record<string, unknown>>
}

interface Job {
  readonly permissions?: Readonly<Record<string, string>>
  readonly environment?: string
  readonly uses?: string
  readonly steps?: readonly Step[]
  readonly 'timeout-minutes'?: number
  readonly container?: { readonly image: string }
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>
  readonly permissions?: unknown
  readonly concurrency?: unknown
  readonly jobs: Readonly<Record<string, Job>>
}

/** Rights to write, by workflow and job; nothing else has any. */
const WRITES: Readonly<Record<string, readonly string[]>> = {
  'release.yml publish': ['contents', 'packages', 'id-token'],
}

/** Expressions that may be used; those of an event whose text strangers write are not among them. */
const EXPRESSIONS =
  /^(github\.(workflow|ref|ref_name|token)|github\.event_name == 'pull_request'|(matrix|inputs)\.\w+|(vars|secrets)\.BIFROST_\w+|needs\.\w+\.outputs\.\w+|steps\.\w+\.outputs\.\w+)$/

export const stepsOf = (text: string): Step[] =>
  Object.values((parse(text) as Workflow).jobs).flatMap(({ steps = [] }) => [...steps])

/** Each as `file: sentence`. */
export function faultsOfWorkflow(root: string, name: string, text: string): string[] {
  const workflow = parse(text) as Workflow
  const faults: string[] = []
  const triggers = Object.keys(workflow.on)
  for (const one of ['pull_request_target', 'workflow_run', 'issue_comment'])
    if (triggers.includes(one)) faults.push(`starts by ${one}: strangers would run with rights of ours`)
  if (JSON.stringify(workflow.permissions) !== '{}') faults.push('permissions on top are not {}')
  if (workflow.concurrency === undefined) faults.push('has no concurrency')
  for (const [, expression = ''] of text.matchAll(/\$\{\{\s*([^}]*?)\s*\}\}/g))
    if (!EXPRESSIONS.test(expression)) faults.push(`uses ${expression}, which is not among those that may be used`)
  for (const [id, job] of Object.entries(workflow.jobs)) faults.push(...faultsOfJob(root, name, id, job))
  const pins = readFileSync(join(root, 'docs', 'guide', 'pipelines.md'), 'utf8')
  for (const [, uses = '', comment = ''] of text.matchAll(/uses: (\S+)(.*)/g)) {
    if (uses.startsWith('./')) continue
    const [action = '', commit = ''] = uses.split('@')
    if (!/^[0-9a-f]{40}$/.test(commit)) faults.push(`${uses} is not pinned to a commit`)
    else if (!/^ # v\d+\.\d+\.\d+$/.test(comment)) faults.push(`${uses} does not say its version`)
    else if (!pins.includes(`\`${action}\``) || !pins.includes(commit))
      faults.push(`${uses} is not in docs/guide/pipelines.md`)
  }
  return faults.map((fault) => `${name}: ${fault}`)
}

function faultsOfJob(root: string, name: string, id: string, job: Job): string[] {
  const faults: string[] = []
  const { permissions, steps = [], environment } = job
  if (permissions === undefined) faults.push(`job ${id} names no permissions`)
  const allowed = WRITES[`${name} ${id}`] ?? []
  for (const [right, level] of Object.entries(permissions ?? {}))
    if (level !== 'read' && !allowed.includes(right)) faults.push(`job ${id} may write ${right}`)
  if (job.uses === undefined && job['timeout-minutes'] === undefined) faults.push(`job ${id} has no timeout`)
  // An image with git says so in its name: -scm of buildpack-deps.
  const { image } = job.container ?? {}
  if (image !== undefined && !/^buildpack-deps:\w+-scm$/.test(image))
    faults.push(`job ${id} begins in ${image}, where there may be no git for the checkout`)
  const outside = JSON.stringify({ ...job, steps: steps.map((step) => ({ ...step, env: undefined })) })
  if (outside.includes('secrets.')) faults.push(`a secret outside of a step's env in job ${id}`)
  const inside = JSON.stringify(steps.map(({ env = {} }) => env))
  if (inside.includes('secrets.') && environment === undefined)
    faults.push(`a secret in job ${id}, which has no environment`)
  return [...faults, ...steps.flatMap((step) => faultsOfStep(root, id, step))]
}

function faultsOfStep(root: string, id: string, { uses, run, shell, with: given }: Step): string[] {
  const faults: string[] = []
  if (shell !== undefined) faults.push(`a shell of its own in job ${id}`)
  if (uses?.startsWith('actions/checkout@') === true && given?.['persist-credentials'] !== false)
    faults.push(`the checkout of job ${id} leaves its token`)
  if (run === undefined) return faults
  if (run.includes('${{')) faults.push(`an expression in a script of job ${id}: ${run}`)
  const [, script] = /^(scripts\/ci\/[\w-]+\.sh)(?: (?:[\w./-]+|"\$[A-Z_]+"))*$/.exec(run.trim()) ?? []
  if (script === undefined) faults.push(`"${run}" of job ${id} is not one script of scripts/ci`)
  else if (!existsSync(join(root, script))) faults.push(`there is no ${script}`)
  return faults
}
