/**
 * What metrics and health show of the certificates, without reading files: looked up at the start, once a minute, and after each change.
 * It says in the log what somebody has to do soon: our certificate or a trusted one expires, a file is of no use.
 */
import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import { removeUnfinished } from '../wire/certificates/certificate-files.ts'
import { readCertificateStore, type CertificateStore } from '../wire/certificates/certificate-store.ts'
import type { Certificate } from '../wire/certificates/certificate.ts'
import { readOwn, type OwnCertificates } from '../wire/certificates/own.ts'

export interface CertificateSummary {
  /** There is something in the folder: OPC UA is in use. */
  readonly isUsed: boolean
  readonly own: Expiring | undefined
  /** The trusted ones that expire first, at most `SHOWN_LIMIT`. */
  readonly trusted: readonly Expiring[]
  /** They wait in the inbox. */
  readonly rejected: number
  /** What somebody has to do, in sentences. */
  readonly attention: readonly string[]
}

export interface Expiring {
  readonly thumbprint: string
  readonly commonName: string
  /** ms since 1970. */
  readonly notAfter: number
}

const LOOK_EVERY_MS = 60_000
const DAY_MS = 86_400_000
/** The bound on series of the metrics. */
const SHOWN_LIMIT = 100
/** So many of the inbox are said at once; the list has all. */
const SAID_LIMIT = 20
const SOON_MS = 30 * DAY_MS

interface WatchContext {
  readonly folder: string
  readonly clock: Clock
  readonly log: Log
}

export async function watchCertificates({ folder, clock, log }: WatchContext) {
  let summary: CertificateSummary = { isUsed: false, own: undefined, trusted: [], rejected: 0, attention: [] }
  const said = new Map<string, number>()
  /** By thumbprint, what lay in the inbox at the last look; undefined: there was none yet. */
  let inbox: ReadonlySet<string> | undefined
  let arrived = 0

  /** The same sentence again after a day. */
  const sayOnce = (key: string, say: () => void): void => {
    const now = clock.now()
    if (now - (said.get(key) ?? -Infinity) < DAY_MS) return
    said.set(key, now)
    say()
  }
  const look = async (): Promise<void> => {
    const [store, own] = await Promise.all([readCertificateStore(folder), readOwn(folder)])
    summary = summaryOf(store, own, clock.now())
    const now = new Set(store.rejected.map(({ certificate }) => certificate.thumbprint))
    if (inbox !== undefined) arrived += now.difference(inbox).size
    inbox = now
    for (const sentence of expirySentences(own, store, clock.now()))
      sayOnce(sentence.replace(/\d+/g, ''), () => log.warn({ folder }, sentence))
    for (const { certificate, record } of store.rejected.slice(0, SAID_LIMIT)) {
      const reason = record?.reason
      if (reason !== undefined)
        sayOnce(`${certificate.sha256} ${reason}`, () => log.warn({ thumbprint: certificate.thumbprint }, reason))
    }
    for (const { file, problem } of [...store.problems, ...own.problems])
      sayOnce(`${file} ${problem}`, () => log.warn({ file, problem }, `${file} is of no use: ${problem}.`))
    if (said.size > 1000) said.clear()
  }
  await removeUnfinished(folder, clock.now())
  await look()
  const timer = clock.every(LOOK_EVERY_MS, () => void look())
  return {
    get summary() {
      return summary
    },
    /** Certificates that came into the inbox since the start; looked at once a minute. */
    get arrived() {
      return arrived
    },
    look,
    take: (newer: CertificateSummary) => void (summary = newer),
    close: () => timer.cancel(),
  }
}

export function summaryOf(store: CertificateStore, own: OwnCertificates, now: number): CertificateSummary {
  const { rejected, trusted } = store
  const waiting = rejected.length === 1 ? 'a certificate waits' : `${rejected.length} certificates wait`
  return {
    isUsed: own.current !== undefined || trusted.length + rejected.length > 0,
    own: own.current && expiringOf(own.current.certificate),
    trusted: trusted
      .map(({ certificate }) => expiringOf(certificate))
      .toSorted((a, b) => a.notAfter - b.notAfter)
      .slice(0, SHOWN_LIMIT),
    rejected: rejected.length,
    attention: [
      ...expirySentences(own, store, now),
      ...(rejected.length === 0 ? [] : [`${waiting} to be trusted or removed: \`bifrost opcua certificates\``]),
    ],
  }
}

const expiringOf = ({ thumbprint, commonName, notAfter }: Certificate): Expiring => ({
  thumbprint,
  commonName,
  notAfter,
})

function expirySentences({ current, next }: OwnCertificates, { trusted }: CertificateStore, now: number): string[] {
  const sentences: string[] = []
  if (current !== undefined && current.certificate.notAfter < now + SOON_MS) {
    const todo =
      next === undefined
        ? '`bifrost opcua renew` makes a new one'
        : '`bifrost opcua renew --use` takes the new one in use'
    sentences.push(`our own certificate ${whenText(current.certificate, now)}; ${todo}`)
  }
  for (const { certificate } of trusted) {
    if (certificate.notAfter < now + SOON_MS)
      sentences.push(
        `the trusted certificate "${certificate.commonName}" ${whenText(certificate, now)}; its owner has to renew it`,
      )
  }
  return sentences.slice(0, 20)
}

function whenText({ notAfter }: Certificate, now: number): string {
  const day = new Date(notAfter).toISOString().slice(0, 10)
  return notAfter < now ? `expired on ${day}` : `expires on ${day}`
}
