/**
 * Where the commands about certificates work: at a running gateway through its API, or (with -c) on the data folder of a configuration
 * itself, or (with --local) on what the command line keeps for itself. Both take the same requests and give the same answers.
 */
import type { z } from 'zod'
import type { Certificates, Holders } from '../gateway.ts'
import { systemClock } from '../core/clock.ts'
import { silentLog } from '../core/log.ts'
import type { certificateSchema, certificatesSchema, ownSchema } from '../http/certificate-views.ts'
import { gatewayUrl, send } from './api-client.ts'
import { textOption, type Call } from './call.ts'
import { configFile, loadConfigFile } from './config-file.ts'
import { assertOwnUser, hostUserName } from './host-user.ts'
import { localData } from './local-data.ts'

export type Listing = z.output<typeof certificatesSchema>
export type ListedView = Listing['certificates'][number]
export type CertificateView = z.output<typeof certificateSchema>
export type OwnView = z.output<typeof ownSchema>

export interface KeyOptions {
  readonly newKey: boolean
  readonly keyBits: 2048 | 3072 | 4096
}

/** What the command line asks for; `reason` goes into the audit. */
export interface CertificateDesk {
  list(holders: Holders): Promise<Listing>
  trust(holders: Holders, what: { readonly thumbprint: string } | { readonly file: Buffer }): Promise<CertificateView>
  change(action: 'reject' | 'remove', holders: Holders, thumbprint: string): Promise<CertificateView>
  import(holders: Holders, file: Buffer): Promise<{ issuers: readonly CertificateView[]; lists: number }>
  makeOwn(keyBits: KeyOptions['keyBits']): Promise<OwnView>
  renewOwn(choice: KeyOptions): Promise<OwnView>
  changeOwn(to: 'use' | 'undo' | 'done'): Promise<OwnView>
  importOwn(file: Buffer): Promise<OwnView>
  requestOwn(choice: KeyOptions): Promise<string>
  close(): Promise<void>
}

export const openDesk = (call: Call): Promise<CertificateDesk> | CertificateDesk =>
  textOption(call, 'config') === undefined && call.options.local !== true ? atGateway(call) : inFolder(call)

function atGateway(call: Call): CertificateDesk {
  const base = gatewayUrl(call)
  const why = textOption(call, 'reason')
  const post = <T>(path: string, body: object): Promise<T> =>
    send<T>(base, `certificates/${path}`.replace(/\/$/, ''), {
      method: 'POST',
      body: why === undefined ? body : { ...body, reason: why },
    })
  const base64 = (file: Buffer): string => (isPem(file) ? file.toString('latin1') : file.toString('base64'))
  return {
    list: (holders) => send(base, `certificates?holders=${holders}`),
    trust: async (holders, what) => {
      const given = 'file' in what ? { file: base64(what.file) } : what
      return (await post<{ certificate: CertificateView }>('trust', { holders, ...given })).certificate
    },
    change: async (action, holders, thumbprint) =>
      (await post<{ certificate: CertificateView }>(action, { holders, thumbprint })).certificate,
    import: (holders, file) => post('import', { holders, file: base64(file) }),
    makeOwn: (keyBits) => post('own', { keyBits }),
    renewOwn: (choice) => post('own/renew', choice),
    changeOwn: (to) => post(`own/${to}`, {}),
    importOwn: (file) => post('own/import', { file: base64(file) }),
    requestOwn: async (choice) => (await post<{ request: string }>('own/request', choice)).request,
    close: async () => undefined,
  }
}

async function inFolder(call: Call): Promise<CertificateDesk> {
  const [{ openCertificatesAlone }, views, data] = await Promise.all([
    import('../gateway.ts'),
    import('../http/certificate-views.ts'),
    call.options.local === true ? localData(call.env) : dataOfConfig(call),
  ])
  await assertOwnUser(data, ', or ask the running gateway, without -c')
  const certificates = await openCertificatesAlone(data, { clock: systemClock, log: silentLog })
  const asker = { user: 'local', from: `command line, ${hostUserName()}`, reason: textOption(call, 'reason') }
  const { certificateView, listingView, ownView } = views
  const own = async (changed: ReturnType<Certificates['makeOwn']>): Promise<OwnView> => ownView(await changed)
  return {
    list: async (holders) => listingView(await certificates.list(holders), undefined),
    trust: async (holders, what) => certificateView(await certificates.trust(holders, what, asker)),
    change: async (action, holders, thumbprint) =>
      certificateView(await certificates[action](holders, thumbprint, asker)),
    import: async (holders, file) => {
      const { issuers, lists } = await certificates.import(holders, file, asker)
      return { issuers: issuers.map(certificateView), lists }
    },
    makeOwn: (keyBits) => own(certificates.makeOwn(asker, keyBits)),
    renewOwn: (choice) => own(certificates.renewOwn(choice, asker)),
    changeOwn: (to) => own(certificates.changeOwn(to, asker)),
    importOwn: (file) => own(certificates.importOwn(file, asker)),
    requestOwn: (choice) => certificates.requestOwn(choice, asker),
    close: async () => certificates.close(),
  }
}

async function dataOfConfig(call: Call): Promise<string> {
  return (await loadConfigFile(configFile(call), call.env)).data
}

const isPem = (file: Buffer): boolean => file.includes('-----BEGIN')
