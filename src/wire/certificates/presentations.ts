/**
 * Who presented a certificate, where and when, and what was said to it: a small JSON file beside it, THUMBPRINT.json. It makes the
 * inbox readable, and remembers which certificate of an endpoint was trusted, so that another one is noticed.
 */
import { join } from 'node:path'

/** One endpoint that presented it. Times are ms since 1970. */
export interface PresentedBy {
  /** `opc.tcp://10.0.0.5:4840`, or the address of a client. */
  readonly endpoint: string
  /** The device or sink of the configuration. */
  readonly device: string
  readonly firstAt: number
  readonly lastAt: number
  readonly times: number
}

export interface PresentationRecord {
  /** The latest first. */
  readonly presented: readonly PresentedBy[]
  /** Why it was refused the last time: name of the status code and sentence. */
  readonly status?: string | undefined
  readonly reason?: string | undefined
  /** The issuers that came with it, base64 of DER. */
  readonly issuers: readonly string[]
  readonly trustedAt?: number | undefined
  /** Who trusted it: a user, or `first use`. */
  readonly trustedBy?: string | undefined
  /** When somebody took the trust back, or refused it: nothing of these endpoints is trusted by itself any more. */
  readonly takenBackAt?: number | undefined
}

/** One presentation of a certificate by its owner. */
export interface Presentation {
  readonly endpoint: string
  readonly device: string
  /** ms since 1970. */
  readonly at: number
}

export const emptyRecord: PresentationRecord = { presented: [], issuers: [] }

export const recordFile = (folder: string, thumbprint: string): string => join(folder, `${thumbprint}.json`)

/** Undefined where it is damaged: it is only a note. */
export function parseRecord(bytes: Buffer): PresentationRecord | undefined {
  try {
    const { presented, issuers, status, reason, trustedAt, trustedBy, takenBackAt } = JSON.parse(bytes.toString('utf8'))
    return {
      presented: listOf(presented).filter(isPresentedBy).slice(0, ENDPOINTS_LIMIT),
      issuers: listOf(issuers).filter(isText).slice(0, ISSUERS_LIMIT),
      status: isText(status) ? status : undefined,
      reason: isText(reason) ? reason : undefined,
      trustedAt: isNumber(trustedAt) ? trustedAt : undefined,
      trustedBy: isText(trustedBy) ? trustedBy : undefined,
      takenBackAt: isNumber(takenBackAt) ? takenBackAt : undefined,
    }
  } catch {
    return undefined
  }
}

/** All of them have to fit in a file that is read back; of an authority whose servers are more, those seen last are remembered. */
const ENDPOINTS_LIMIT = 500
const ISSUERS_LIMIT = 8

const listOf = (given: unknown): unknown[] => (Array.isArray(given) ? given : [])
const isText = (given: unknown): given is string => typeof given === 'string'
const isNumber = (given: unknown): given is number => typeof given === 'number'

function isPresentedBy(given: unknown): given is PresentedBy {
  const one = given as Partial<PresentedBy> | null
  return isText(one?.endpoint) && isText(one.device) && [one.firstAt, one.lastAt, one.times].every(isNumber)
}

export const encodeRecord = (record: PresentationRecord): string => `${JSON.stringify(record, undefined, 2)}\n`

/** With one more presentation; the oldest endpoint makes room. */
export function presentedAgain(record: PresentationRecord, { endpoint, device, at }: Presentation): PresentationRecord {
  const before = record.presented.find((one) => one.endpoint === endpoint && one.device === device)
  const others = record.presented.filter((one) => one !== before)
  const now = { endpoint, device, firstAt: before?.firstAt ?? at, lastAt: at, times: (before?.times ?? 0) + 1 }
  return { ...record, presented: [now, ...others].slice(0, ENDPOINTS_LIMIT) }
}
