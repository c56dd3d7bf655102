/**
 * When the certificates of this gateway expire: those that its configuration names, and its authority. Looked up at the start, every ten
 * minutes, and when a server took new ones; said 30, 7 and 1 days before and when it happened. OPC UA has a watch of its own
 * (`certificate-watch.ts`), since nobody names those in the configuration.
 */
import { join } from 'node:path'
import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import { FILE_LIMIT_BYTES } from '../wire/certificates/certificate-files.ts'
import { readNamedFile } from '../wire/certificates/named-file.ts'
import { certificatesOf } from '../wire/certificates/certificate-store.ts'
import type { ServedCertificate } from '../wire/certificates/served.ts'

/** A file of the configuration. */
export interface NamedUse {
  readonly use: string
  readonly name: string
  readonly file: string
}

export interface CertificateInUse extends NamedUse {
  /** That of the file that expires first; undefined where `problem` says why. */
  readonly subject: string | undefined
  /** ms since 1970. */
  readonly notBefore: number | undefined
  readonly notAfter: number | undefined
  readonly problem: string | undefined
}

export interface CertificatesInUse {
  /** Those that expire first stand first. */
  readonly list: readonly CertificateInUse[]
  /** What somebody has to do soon, in sentences. */
  readonly attention: readonly string[]
  /** Servers that read their files again while they run, by use; a fault means that the ones before stay. */
  readonly served: ReadonlyMap<string, ServedCertificate>
  /** From now on this server's faults are shown here. */
  attend(use: string, served: ServedCertificate): void
  look(): Promise<void>
  close(): void
}

interface WatchContext {
  /** What the running configuration names. */
  readonly named: () => readonly NamedUse[]
  readonly data: string
  readonly clock: Clock
  readonly log: Log
}

const LOOK_EVERY_MS = 600_000
const DAY_MS = 86_400_000
/** Said when so many days are left. */
const STAGES = [1, 7, 30] as const
/** The bound on series of the metrics and on sentences. */
const SHOWN_LIMIT = 500
const SAID_LIMIT = 20

export async function watchCertificatesInUse(context: WatchContext): Promise<CertificatesInUse> {
  const { clock, log } = context
  const served = new Map<string, ServedCertificate>()
  /** The last stage that was said, by use, name and certificate. */
  const said = new Map<string, number | string>()
  let list: readonly CertificateInUse[] = []

  const look = async (): Promise<void> => {
    list = await readAll(context)
    const now = clock.now()
    for (const one of list) {
      const stage = one.problem ?? stageOf(one, now)
      const key = `${one.use} ${one.name} ${one.file}`
      if (said.get(key) === stage) continue
      if (stage === undefined) said.delete(key)
      else {
        said.set(key, stage)
        const fields = { name: one.name, file: one.file, details: { use: one.use } }
        const isUrgent = typeof stage === 'number' && stage <= 1
        log[isUrgent ? 'error' : 'warn'](fields, `${sentenceOf(one, now)}.`)
      }
    }
    if (said.size > 10_000) said.clear()
  }
  await look()
  const timer = clock.every(LOOK_EVERY_MS, () => void look())
  return {
    get list() {
      return list
    },
    get attention() {
      const now = clock.now()
      const faults = [...served.values()].flatMap(({ fault }) => (fault === undefined ? [] : [fault]))
      const soon = list.filter((one) => one.problem !== undefined || stageOf(one, now) !== undefined)
      return [...faults, ...soon.map((one) => sentenceOf(one, now))].slice(0, SAID_LIMIT)
    },
    served,
    attend: (use, one) => void served.set(use, one),
    look,
    close: () => timer.cancel(),
  }
}

/** 0: it does not hold now; else the least of the stages that it has reached. */
function stageOf({ notBefore, notAfter }: CertificateInUse, now: number): number | undefined {
  if (notAfter === undefined) return undefined
  if (notAfter < now || (notBefore ?? now) > now) return 0
  return STAGES.find((days) => notAfter < now + days * DAY_MS)
}

function sentenceOf({ use, name, file, subject, problem, ...one }: CertificateInUse, now: number): string {
  const whose = use === name ? use : `${use} "${name}"`
  if (problem !== undefined) return `the certificate of ${whose} (${file}) ${problem}`
  const { notBefore = now, notAfter = now } = one
  const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
  const what = `the certificate "${subject}" of ${whose} (${file})`
  if (notBefore > now) return `${what} is valid from ${day(notBefore)} on only; check the clocks`
  const when = notAfter < now ? `expired on ${day(notAfter)}` : `expires on ${day(notAfter)}`
  return `${what} ${when}; renew it: \`bifrost certs renew\` where it is of our own authority`
}

async function readAll({ named, data }: WatchContext): Promise<CertificateInUse[]> {
  const authority = { use: 'ca', name: 'ca', file: join(data, 'ca', 'ca.crt') }
  const files = new Map<string, ReturnType<typeof readFirst>>()
  const readOnce = (file: string) => {
    if (!files.has(file)) files.set(file, readFirst(file))
    return files.get(file)!
  }
  const found: CertificateInUse[] = []
  for (const one of [...named(), authority]) {
    const read = await readOnce(one.file)
    if (one === authority && read.isMissing) continue
    found.push({
      ...one,
      subject: read.subject,
      notBefore: read.notBefore,
      notAfter: read.notAfter,
      problem: read.problem,
    })
  }
  return found.toSorted((a, b) => (a.notAfter ?? 0) - (b.notAfter ?? 0)).slice(0, SHOWN_LIMIT)
}

interface Read extends Partial<Pick<CertificateInUse, 'subject' | 'notBefore' | 'notAfter' | 'problem'>> {
  readonly isMissing?: boolean
}

/** That which expires first. */
async function readFirst(file: string): Promise<Read> {
  try {
    const certificates = certificatesOf(await readNamedFile(file, FILE_LIMIT_BYTES))
    const [first] = certificates.toSorted((a, b) => a.notAfter - b.notAfter)
    return { subject: first!.commonName, notBefore: first!.notBefore, notAfter: first!.notAfter }
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    return { isMissing, problem: isMissing ? 'is not there' : `cannot be used: ${(error as Error).message}` }
  }
}
