/**
 * node-opcua's certificate store over our own (`wire/certificates`): what it asks of a certificate is decided by the one verdict,
 * which is kept, so that whoever connects can say the sentence and not only the status code. No watchers, no lock files, nothing
 * outside the folder. One checker a device or server, because the questions differ: host name, endpoint, first use.
 */
import { StatusCodes, type OPCUAClientOptions, type StatusCode } from 'node-opcua-client'
import type { Clock } from '../../core/clock.ts'
import { messageOf } from '../../core/errors.ts'
import type { Certificate } from '../../wire/certificates/certificate.ts'
import { splitChain } from '../../wire/certificates/certificate.ts'
import { checkPresented, type PresentedQuestion } from '../../wire/certificates/check.ts'
import { readOwn } from '../../wire/certificates/own.ts'
import type { CertificateVerdict } from '../../wire/certificates/verdict.ts'

/** What node-opcua wants for `clientCertificateManager`, `serverCertificateManager` and `userCertificateManager`. */
type NodeOpcuaStore = Exclude<NonNullable<OPCUAClientOptions['clientCertificateManager']>, { rootDir: string }>

type NodeOpcuaManager = Extract<NonNullable<OPCUAClientOptions['clientCertificateManager']>, { rootDir: string }>

/** DER: a certificate, several one after the other, or several apart. */
type Presented = Uint8Array | readonly Uint8Array[]

type StatusCallback = (error: Error | null, status?: StatusCode) => void

export interface CheckerOptions extends Omit<PresentedQuestion, 'now' | 'isQuiet'> {
  /** `DATA/certificates`; for persons (X.509 user tokens) `DATA/certificates/users`. */
  readonly folder: string
  readonly clock: Clock
  /** A refusal, for the log; called once while the same certificate is refused for the same reason. */
  readonly onRefused?: ((verdict: Extract<CertificateVerdict, { ok: false }>) => void) | undefined
}

/** More refusals in a minute leave no note and no line in the log: strangers who present ever new certificates must not wear the disk. */
const NOTES_A_MINUTE = 30
const CHAIN_LIMIT = 10

export class CertificateChecker implements NodeOpcuaStore {
  /** node-opcua counts its owners here. */
  referenceCounter = 0
  readonly #options: CheckerOptions
  #lastVerdict: CertificateVerdict | undefined
  #saidReason: string | undefined
  #minute = 0
  #refusals = 0

  constructor(options: CheckerOptions) {
    this.#options = options
  }

  /** For `OPCUAServerOptions`, whose types want more than the server asks for. */
  get forServer(): NodeOpcuaManager {
    return this as unknown as NodeOpcuaManager
  }

  /** What was said of the last certificate; undefined: none was presented since `forget`. */
  get lastVerdict(): CertificateVerdict | undefined {
    return this.#lastVerdict
  }

  /** The sentence with which the last certificate was refused; undefined: it was not. */
  get refusal(): string | undefined {
    return this.#lastVerdict?.ok === false ? this.#lastVerdict.reason : undefined
  }

  /** Before a new attempt: what is read later is about that one. */
  forget(): void {
    this.#lastVerdict = undefined
  }

  /**
   * The verdict, with what only the caller knows by now: `applicationUri` and `hostname` of the endpoint description. A client calls it with the
   * server's certificate before it connects, and gives node-opcua that certificate as `serverCertificate`: it compares no names itself.
   */
  async check(presented: Presented, more: Partial<PresentedQuestion> = {}): Promise<CertificateVerdict> {
    const { folder, clock, onRefused, ...question } = this.#options
    const now = clock.now()
    const isQuiet = this.#isQuiet(now)
    const verdict = await checkPresented(folder, chainOf(presented), { ...question, ...more, now, isQuiet })
    this.#lastVerdict = verdict
    if (verdict.ok) this.#saidReason = undefined
    else {
      this.#refusals++
      if (verdict.reason !== this.#saidReason && !isQuiet) onRefused?.(verdict)
      this.#saidReason = verdict.reason
    }
    return verdict
  }

  /** As node-opcua calls it: with a callback for the certificates of persons, else for a promise. */
  checkCertificate(presented: Presented): Promise<StatusCode>
  checkCertificate(presented: Presented, callback: StatusCallback): void
  checkCertificate(presented: Presented, callback?: StatusCallback): Promise<StatusCode> | void {
    const status = this.#statusOf(presented)
    if (callback === undefined) return status
    status.then(
      (code) => callback(null, code),
      (error: unknown) => callback(error instanceof Error ? error : new Error(messageOf(error))),
    )
  }

  /** node-opcua asks this of our own certificate, which is in no list. */
  async verifyCertificate(presented: Presented): Promise<string> {
    const [first] = chainOf(presented)
    const own = await readOwn(this.#options.folder)
    const isOwn = [own.current, own.previous].some((one) => first?.equals(one?.certificate.der ?? Buffer.alloc(0)))
    if (isOwn) return 'Good'
    const verdict = await this.check(presented)
    return verdict.ok ? 'Good' : verdict.status
  }

  async getTrustStatus(presented: Presented): Promise<StatusCode> {
    return this.#statusOf(presented)
  }

  async initialize(): Promise<void> {}

  async dispose(): Promise<void> {
    this.referenceCounter = Math.max(0, this.referenceCounter - 1)
  }

  /** People trust, by API or command line, where it is put on record. */
  trustCertificate = notHere
  rejectCertificate = notHere
  addIssuer = notHere
  addRevocationList = notHere

  async #statusOf(presented: Presented): Promise<StatusCode> {
    const verdict = await this.check(presented)
    return verdict.ok ? StatusCodes.Good : (STATUS_BY_NAME[verdict.status] ?? StatusCodes.BadCertificateInvalid)
  }

  #isQuiet(now: number): boolean {
    const minute = Math.floor(now / 60_000)
    if (minute !== this.#minute) this.#refusals = 0
    this.#minute = minute
    return this.#refusals >= NOTES_A_MINUTE
  }
}

const STATUS_BY_NAME = StatusCodes as unknown as Readonly<Record<string, StatusCode | undefined>>

function notHere(): Promise<never> {
  return Promise.reject(new Error('certificates are trusted by people: `bifrost opcua trust THUMBPRINT`'))
}

function chainOf(presented: Presented): Buffer[] {
  try {
    return presented instanceof Uint8Array
      ? splitChain(presented, CHAIN_LIMIT)
      : presented.slice(0, CHAIN_LIMIT).map((der) => Buffer.from(der))
  } catch {
    // Its first bytes may still be said to be none.
    return presented instanceof Uint8Array ? [Buffer.from(presented)] : []
  }
}

/** What `onFirstUse` puts on record, in words. */
export const firstUseWords = ({ subject, thumbprint }: Certificate): string =>
  `trusted on first use: "${subject}", thumbprint ${thumbprint}`
