/** Asks every operation many times, and collects what went wrong, each with the smallest request that shows it. */
import fc from 'fast-check'
import { operationsOf, type Document, type Operation } from './document.ts'
import { Wire, type FuzzAnswer } from './exchange.ts'
import { Judge } from './judge.ts'
import { requestsTo, type FuzzRequest } from './requests.ts'
import type { FuzzTarget } from './target.ts'
import type { Names } from './values.ts'

export interface Campaign {
  readonly seed: number
  /** Requests to each operation. */
  readonly cases: number
  readonly names: Names
  readonly who: Readonly<Record<string, string>>
  /** Another place that answers, for the control. */
  readonly url?: string
  /** Only these; all where absent. */
  readonly only?: (operation: Operation) => boolean
  /** Once before each operation, to put right what the one before changed. */
  restore?(): Promise<void>
}

export interface Outcome {
  readonly operations: number
  readonly requests: number
  /** The operations that took longest, with their milliseconds. */
  readonly slowest: Readonly<Record<string, number>>
  /** How many answers had this status. */
  readonly statuses: Readonly<Record<number, number>>
  readonly findings: readonly string[]
}

const SAFE = new Set(['GET', 'HEAD'])
/** These make keys, or a whole archive, a second each: so many fewer requests. */
const MAKES_KEYS = /\/certificates\/own|\/diagnostics\/bundle/
const KEY_SHARE = 6

/** Refused before anything is done, whatever the operation. */
const isRefusal = (status: number): boolean => status >= 400 && status < 500

export async function runCampaign(target: FuzzTarget, document: Document, campaign: Campaign): Promise<Outcome> {
  const { seed, cases, names, who, url = target.http.url, only = () => true } = campaign
  const operations = operationsOf(document).filter(only)
  const wire = new Wire(url, who)
  const judge = new Judge()
  const findings: string[] = []
  const statuses: Record<number, number> = {}
  const took: [operation: string, ms: number][] = []
  let requests = 0

  const ask = async (operation: Operation, request: FuzzRequest): Promise<void> => {
    const isSafe = SAFE.has(operation.method)
    const before = isSafe ? undefined : { state: await target.state(), audit: await target.audit() }
    requests++
    let answer: FuzzAnswer
    try {
      answer = await wire.send(request)
    } catch (error) {
      throw new Error(`${operation.method} ${operation.path}: no answer: ${(error as Error).message}`, { cause: error })
    }
    statuses[answer.status] = (statuses[answer.status] ?? 0) + 1
    const complaints = judge.complaints(operation, answer)
    if (before !== undefined && isRefusal(answer.status)) {
      const after = await target.state()
      if (after !== before.state)
        complaints.push(
          `${operation.method} ${operation.path} refused with ${answer.status}, and yet: ${differences(before.state, after)}`,
        )
      const { done } = await target.audit(before.audit.last)
      if (done.length > 0)
        complaints.push(`refused with ${answer.status}, and yet on record as done: ${done.join(', ')}`)
    }
    if (complaints.length > 0) throw new Error(complaints.join('\n'))
  }

  try {
    for (const operation of operations) {
      await campaign.restore?.()
      const startedAt = performance.now()
      const numRuns = MAKES_KEYS.test(operation.path) ? Math.ceil(cases / KEY_SHARE) : cases
      const property = fc.asyncProperty(requestsTo(operation, names), (request) => ask(operation, request))
      const result = await fc.check(property, { seed, numRuns, interruptAfterTimeLimit: 30_000, markInterruptAsFailure: false }) // prettier-ignore
      took.push([`${operation.method} ${operation.path}`, Math.round(performance.now() - startedAt)])
      if (!result.failed) continue
      const { counterexample, errorInstance } = result
      const [smallest] = counterexample ?? []
      const shown = JSON.stringify(smallest)?.slice(0, 400)
      findings.push(`${(errorInstance as Error | undefined)?.message ?? 'failed'}\n  by ${shown}`)
    }
  } finally {
    wire.close()
  }
  const slowest = Object.fromEntries(took.sort(([, a], [, b]) => b - a).slice(0, 5))
  return { operations: operations.length, requests, statuses, slowest, findings }
}

/** The parts of two states that are not the same. */
function differences(before: string, after: string): string {
  const [was, is] = [JSON.parse(before), JSON.parse(after)] as [Record<string, unknown>, Record<string, unknown>]
  const parts = [...new Set([...Object.keys(was), ...Object.keys(is)])].filter(
    (key) => JSON.stringify(was[key]) !== JSON.stringify(is[key]),
  )
  return parts.map((key) => `${key}: ${JSON.stringify(was[key])} → ${JSON.stringify(is[key])}`).join('; ')
}
