/**
 * The certificates of OPC UA and what people do with them: list, trust, reject, remove, import, our own. Each change is on record before it is
 * done, and its end after. The folder is the truth, so that this works beside a running gateway, from the command line without one, and
 * for workers that read the folder by themselves. What stands here between is only what metrics and health show.
 */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { Audit } from '../core/audit.ts'
import type { Clock } from '../core/clock.ts'
import { messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import {
  readCertificateStore,
  type CertificateStore,
  type StoredCertificate,
} from '../wire/certificates/certificate-store.ts'
import type { Certificate } from '../wire/certificates/certificate.ts'
import {
  importFile,
  rejectCertificate,
  removeCertificate,
  trustCertificate,
  trustFile,
  type Imported,
} from '../wire/certificates/changes.ts'
import { makePrivateFolder, type FileProblem } from '../wire/certificates/certificate-files.ts'
import { readOwn, type OwnCertificates } from '../wire/certificates/own.ts'
import {
  forgetPrevious,
  importOwn,
  openOwn,
  renewOwn,
  requestOwn,
  useNext,
  usePrevious,
  type OwnOptions,
} from '../wire/certificates/renewal.ts'
import { summaryOf, watchCertificates, type CertificateSummary } from './certificate-watch.ts'
import type { Asker } from './sink-commands.ts'

/** Applications that connect, or persons that log in with a certificate (X.509 user tokens): two lists that know nothing of each other. */
export type Holders = 'applications' | 'persons'

export type CertificateState = 'own' | 'next' | 'previous' | 'trusted' | 'rejected' | 'issuer'

export interface ListedCertificate extends Pick<StoredCertificate, 'certificate' | 'file' | 'record'> {
  readonly state: CertificateState
}

export interface CertificateListing {
  readonly certificates: readonly ListedCertificate[]
  readonly lists: CertificateStore['lists']
  /** Files in the folder that are of no use. */
  readonly problems: readonly FileProblem[]
  readonly applicationUri: string | undefined
}

export type KeyChoice = Pick<OwnOptions, 'keyBits'> & { readonly newKey: boolean }

export interface Certificates {
  /** `DATA/certificates`. */
  readonly folder: string
  /** What the last look at the folder found; never older than a minute while the gateway runs. */
  readonly summary: CertificateSummary
  /** How many came into the inbox since the start. */
  readonly rejections: number
  list(holders: Holders): Promise<CertificateListing>
  own(): Promise<OwnCertificates>
  trust(
    holders: Holders,
    what: { readonly thumbprint: string } | { readonly file: Uint8Array },
    asker: Asker,
  ): Promise<Certificate>
  reject(holders: Holders, thumbprint: string, asker: Asker): Promise<Certificate>
  remove(holders: Holders, thumbprint: string, asker: Asker): Promise<Certificate>
  import(holders: Holders, file: Uint8Array, asker: Asker): Promise<Imported>
  /** Our certificate; made where there is none. */
  makeOwn(asker: Asker, keyBits?: OwnOptions['keyBits']): Promise<OwnCertificates>
  renewOwn(choice: KeyChoice, asker: Asker): Promise<OwnCertificates>
  /** `next` in use; `previous` in use again; `previous` removed. */
  changeOwn(to: 'use' | 'undo' | 'done', asker: Asker): Promise<OwnCertificates>
  importOwn(file: Uint8Array, asker: Asker): Promise<OwnCertificates>
  /** A signing request in PEM. */
  requestOwn(choice: KeyChoice, asker: Asker): Promise<string>
  close(): void
}

export interface CertificatesContext {
  readonly folder: string
  readonly clock: Clock
  readonly log: Log
  readonly audit: Audit
  /** What these devices were refused for may be put right. */
  readonly onTrust?: ((devices: readonly string[]) => void) | undefined
}

/** As `openCertificates`, in a data folder that no gateway has to be running on. */
export async function openCertificatesIn(data: string, context: Omit<CertificatesContext, 'folder'>) {
  await makePrivateFolder(data)
  return openCertificates({ ...context, folder: join(data, 'certificates') })
}

/** Looks at the folder and goes on doing so until `close`. */
export async function openCertificates({
  folder,
  clock,
  log,
  audit,
  onTrust = () => undefined,
}: CertificatesContext): Promise<Certificates> {
  const folderOf = (holders: Holders): string => (holders === 'applications' ? folder : join(folder, 'users'))
  const watch = await watchCertificates({ folder, clock, log })
  /** One after the other: two renewals at once would take each other's files away. */
  let last: Promise<unknown> = Promise.resolve()

  /** On record, done, on record; the summary is of after. */
  function change<T>(
    certificate: string,
    action: string,
    { user, from, reason, trace }: Asker,
    run: () => Promise<T>,
    words: (result: T) => string,
  ): Promise<T> {
    const id = randomUUID()
    const object = `certificate ${certificate}`
    const record = (what: string, outcome: string) =>
      audit.record({ id, action, user, from, object, reason, outcome, trace, details: { what } })
    const result = last.then(async () => {
      await record(certificate, 'requested')
      try {
        const done = await run()
        await record(words(done), 'done')
        return done
      } catch (error) {
        await record(messageOf(error), 'refused')
        throw error
      } finally {
        await watch.look()
      }
    })
    last = result.catch(() => undefined)
    return result
  }

  /** Whom something that is trusted or imported may let in: the devices of the inbox, and of what was refused though trusted. */
  const refusedDevices = async (holders: Holders): Promise<string[]> => {
    const { rejected, trusted } = await readCertificateStore(folderOf(holders))
    const records = [...rejected, ...trusted].map(({ record }) => record)
    return [
      ...new Set(
        records.flatMap((record) => (record?.reason === undefined ? [] : record.presented.map(({ device }) => device))),
      ),
    ]
  }

  const named = ({ subject, thumbprint }: Certificate): string => `"${subject}" ${thumbprint}`
  const letIn = async <T>(holders: Holders, run: () => Promise<T>): Promise<T> => {
    const devices = await refusedDevices(holders)
    const result = await run()
    onTrust(devices)
    return result
  }
  const stamp = ({ user }: Asker) => ({ by: user, at: clock.now() })
  const actionOf = (action: string, holders: Holders): string =>
    holders === 'applications' ? `${action} certificate` : `${action} certificate of a person`

  /** A change of our own certificate: what there is after it. */
  const changeOwn = async (action: string, asker: Asker, run: () => Promise<unknown>): Promise<OwnCertificates> => {
    const after = async () => {
      await run()
      return readOwn(folder)
    }
    const words = ({ current, next }: OwnCertificates) =>
      [current && `in use ${named(current.certificate)}`, next && `next ${named(next.certificate)}`]
        .filter((part) => part !== undefined)
        .join(', ')
    return change('own', action, asker, after, words)
  }

  return {
    folder,
    get rejections() {
      return watch.arrived
    },
    get summary() {
      return watch.summary
    },
    async list(holders) {
      const store = await readCertificateStore(folderOf(holders))
      const own = holders === 'applications' ? await readOwn(folder) : undefined
      if (holders === 'applications' && own !== undefined) watch.take(summaryOf(store, own, clock.now()))
      return {
        certificates: [...storedOf(store), ...ownOf(own)],
        lists: store.lists,
        problems: [...store.problems, ...(own?.problems ?? [])],
        applicationUri: own?.applicationUri,
      }
    },
    own: () => readOwn(folder),
    trust(holders, what, asker) {
      const run = () =>
        'thumbprint' in what
          ? trustCertificate(folderOf(holders), what.thumbprint, stamp(asker))
          : trustFile(folderOf(holders), what.file, stamp(asker))
      const given = 'thumbprint' in what ? what.thumbprint : 'a file'
      return letIn(holders, () => change(given, actionOf('trust', holders), asker, run, named))
    },
    reject: (holders, thumbprint, asker) =>
      change(thumbprint, actionOf('reject', holders), asker, () => rejectCertificate(folderOf(holders), thumbprint, stamp(asker)), named), // prettier-ignore
    async remove(holders, thumbprint, asker) {
      const run = () => removeCertificate(folderOf(holders), thumbprint)
      const words = ({ certificate, from }: Awaited<ReturnType<typeof run>>) =>
        `${named(certificate)} from ${from.join()}`
      return (await change(thumbprint, actionOf('remove', holders), asker, run, words)).certificate
    },
    import: (holders, file, asker) =>
      letIn(holders, () =>
        change('a file', actionOf('import', holders), asker, () => importFile(folderOf(holders), file), importedWords),
      ),
    makeOwn: async (asker, keyBits) => {
      const own = await readOwn(folder)
      if (own.current !== undefined) return own
      return changeOwn('make own certificate', asker, () => openOwn(folder, { now: clock.now(), keyBits }))
    },
    renewOwn: (choice, asker) =>
      changeOwn('renew own certificate', asker, () => renewOwn(folder, { now: clock.now(), ...choice })),
    changeOwn(to, asker) {
      const run = { use: useNext, undo: usePrevious, done: forgetPrevious }[to]
      return changeOwn(CHANGES[to], asker, () => run(folder))
    },
    importOwn: (file, asker) =>
      changeOwn('import own certificate', asker, () => importOwn(folder, file, { now: clock.now() })),
    requestOwn: (choice, asker) =>
      change(
        'own',
        'request own certificate',
        asker,
        () => requestOwn(folder, { now: clock.now(), ...choice }),
        () => (choice.newKey ? 'with a new key' : 'with the key in use'),
      ),
    close: () => watch.close(),
  }
}

const CHANGES = {
  use: 'take own certificate in use',
  undo: 'go back to the own certificate of before',
  done: 'remove the own certificate of before',
} as const

const importedWords = ({ issuers, lists }: Imported): string =>
  lists > 0 ? `${lists} revocation lists` : issuers.map(({ subject }) => subject).join('; ')

function ownOf(own: OwnCertificates | undefined): ListedCertificate[] {
  const states = [['own', own?.current], ['next', own?.next], ['previous', own?.previous]] as const // prettier-ignore
  return states.flatMap(([state, one]) =>
    one === undefined ? [] : [{ state, certificate: one.certificate, file: one.certificateFile, record: undefined }],
  )
}

const storedOf = ({ rejected, trusted, issuers }: CertificateStore): ListedCertificate[] => [
  ...rejected.map((one) => ({ ...one, state: 'rejected' as const })),
  ...trusted.map((one) => ({ ...one, state: 'trusted' as const })),
  ...issuers.map((one) => ({ ...one, state: 'issuer' as const })),
]
