/** Which certificates a configuration names, and for what: who watches when they expire goes by this list. */
import { receiverTypes } from '../alerts/receivers.ts'
import { isFile, objectIn, optionOf } from './option-marks.ts'
import type { Config } from './config.ts'

/** A file of certificates (PEM). */
export interface NamedCertificate {
  /** `http`, `receive`, `device`, `sink` for one of ours that we show there; with `-ca` behind it, what we trust there. */
  readonly use: string
  /** The device or sink; the use itself where there is but one. */
  readonly name: string
  readonly file: string
  /** Of one of ours. */
  readonly key?: string | undefined
}

export function namedCertificates({ http, access, receive, alerts, devices, sinks }: Config): NamedCertificate[] {
  const alone = (use: string, own: string, key: string, ca: string | undefined): NamedCertificate[] => [
    { use, name: use, file: own, key },
    ...(ca === undefined ? [] : [{ use: `${use}-ca`, name: use, file: ca }]),
  ]
  return [
    ...(http?.tls === undefined ? [] : alone('http', http.tls.certFile, http.tls.keyFile, http.tls.clientCaFile)),
    ...(access.oidc?.caFile === undefined ? [] : [{ use: 'oidc-ca', name: 'oidc-ca', file: access.oidc.caFile }]),
    ...(receive?.tls === undefined ? [] : alone('receive', receive.tls.cert, receive.tls.key, receive.tls.ca)),
    ...(alerts?.receivers ?? []).flatMap(({ name, receiver, options }) => {
      const type = receiverTypes.find((one) => one.name === receiver)!
      return of('alerts', { name, type, options })
    }),
    ...devices.filter(({ enabled }) => enabled).flatMap((one) => of('device', one)),
    ...sinks.filter(({ enabled }) => enabled).flatMap((one) => of('sink', one)),
  ]
}

interface PlugIn {
  readonly name: string
  readonly type: { readonly options: Parameters<typeof objectIn>[0] }
  readonly options: unknown
}

const of = (use: string, { name, type, options }: PlugIn): NamedCertificate[] =>
  filesIn(type.options, options).flatMap(({ option, file, beside }) => {
    if (option === 'ca') return [{ use: `${use}-ca`, name, file }]
    return option === 'cert' ? [{ use, name, file, key: beside.key as string | undefined }] : []
  })

interface NamedFile {
  readonly option: string
  readonly file: string
  /** The options that it stands among. */
  readonly beside: Readonly<Record<string, unknown>>
}

function filesIn(schema: Parameters<typeof objectIn>[0], value: unknown): NamedFile[] {
  const shape = objectIn(schema)?.shape
  if (shape === undefined || typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([option, inner]) => {
    const known = optionOf(shape, option)
    if (known === undefined) return []
    if (typeof inner !== 'string') return filesIn(known, inner)
    return isFile(known) ? [{ option, file: inner, beside: value as Record<string, unknown> }] : []
  })
}
