/** `bifrost certs status`: every certificate that a configuration uses, what is wrong with it, and how long it holds. */
import { createPrivateKey } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { namedCertificates, type NamedCertificate } from '../config/named-certificates.ts'
import { systemClock } from '../core/clock.ts'
import { messageOf } from '../core/errors.ts'
import { authorityFiles } from '../wire/certificates/authority.ts'
import { certificatesOf, readCertificateStore } from '../wire/certificates/certificate-store.ts'
import type { Certificate } from '../wire/certificates/certificate.ts'
import { readOwn } from '../wire/certificates/own.ts'
import { validityFault } from '../wire/certificates/served.ts'
import { textOption, type Action, type Call } from './call.ts'
import { configFile, loadConfigFile } from './config-file.ts'
import { Exit } from './exit-code.ts'

interface Row {
  readonly use: string
  readonly name: string
  readonly file: string
  readonly subject: string | null
  readonly notAfter: string | null
  readonly daysLeft: number | null
  readonly problems: readonly string[]
}

const DAY_MS = 86_400_000
const SOON_DAYS = 30

export const status: Action = async (call) => {
  const rows = await rowsOf(call)
  const isBad = rows.some(({ problems }) => problems.length > 0)
  if (call.terminal.json) call.terminal.resultJson({ ok: !isBad, certificates: rows })
  else for (const line of rows.flatMap(linesOf)) call.terminal.result(line)
  if (rows.length === 0) call.terminal.say('no certificate is in use; `bifrost certs init` makes an authority')
  return isBad ? Exit.failure : Exit.ok
}

async function rowsOf(call: Call): Promise<Row[]> {
  const config = await loadConfigFile(configFile(call), call.env)
  const ca = authorityFiles(textOption(call, 'ca') ?? join(config.data, 'ca'))
  const named: NamedCertificate[] = [
    ...namedCertificates(config),
    ...(existsSync(ca.cert) ? [{ use: 'ca', name: 'ca', file: ca.cert, key: ca.key }] : []),
  ]
  const rows = await Promise.all(named.map(rowOfFile))
  const folder = join(config.data, 'certificates')
  const [own, { trusted }] = await Promise.all([readOwn(folder), readCertificateStore(folder, false)])
  const ofOpcUa = (use: string, file: string, certificate: Certificate): Row =>
    rowOf({ use, name: certificate.commonName, file }, certificate, [])
  if (own.current !== undefined) rows.push(ofOpcUa('opcua-own', own.current.certificateFile, own.current.certificate))
  for (const { file, certificate } of trusted) rows.push(ofOpcUa('opcua-trusted', file, certificate))
  return rows.toSorted((a, b) => (a.daysLeft ?? -1) - (b.daysLeft ?? -1))
}

/** A file may hold several: the one that expires first counts. */
async function rowOfFile(named: NamedCertificate): Promise<Row> {
  try {
    const all = certificatesOf(await readFile(named.file))
    const [first] = all.toSorted((a, b) => a.notAfter - b.notAfter)
    return rowOf(named, first!, await keyProblems(named.key, all[0]!))
  } catch (error) {
    const { use, name, file } = named
    return { use, name, file, subject: null, notAfter: null, daysLeft: null, problems: [messageOf(error)] }
  }
}

function rowOf({ use, name, file }: NamedCertificate, certificate: Certificate, problems: readonly string[]): Row {
  const now = systemClock.now()
  const fault = validityFault(certificate, now)
  return {
    use,
    name,
    file,
    subject: certificate.commonName,
    notAfter: new Date(certificate.notAfter).toISOString(),
    daysLeft: Math.floor((certificate.notAfter - now) / DAY_MS),
    problems: [...(fault === undefined ? [] : [fault]), ...problems],
  }
}

async function keyProblems(file: string | undefined, certificate: Certificate): Promise<string[]> {
  if (file === undefined) return []
  try {
    const { mode } = await stat(file)
    const open = (mode & 0o077) === 0 ? [] : [`others may read its key: chmod 600 ${file}`]
    const pem = await readFile(file)
    if (pem.includes('ENCRYPTED')) return open
    return certificate.x509.checkPrivateKey(createPrivateKey(pem)) ? open : [...open, `${file} is not its key`]
  } catch (error) {
    return [`its key (${file}) cannot be read in ${dirname(file)}: ${messageOf(error)}`]
  }
}

function linesOf({ use, name, file, subject, notAfter, daysLeft, problems }: Row): string[] {
  const whose = use === name ? use : `${use} ${name}`
  const left = daysLeft === null ? '' : `, ${daysLeft} days left (${notAfter!.slice(0, 10)})`
  const soon = daysLeft !== null && daysLeft >= 0 && daysLeft < SOON_DAYS ? '  renew it soon' : ''
  const head = subject === null ? `${whose}  ${file}` : `${whose}  "${subject}"${left}${soon}  ${file}`
  return [head, ...problems.map((problem) => `  problem: ${problem}`)]
}
