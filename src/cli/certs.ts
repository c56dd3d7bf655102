/** `bifrost certs init|issue|renew|status`: works on files, without a gateway; one that runs takes up what was renewed. */
import { createPrivateKey } from 'node:crypto'
import { chmod, chown, readFile, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { readVariable } from '../config/environment.ts'
import { systemClock } from '../core/clock.ts'
import { GatewayError, messageOf } from '../core/errors.ts'
import {
  createAuthority,
  issue as issueCertificate,
  keyPem,
  makeEcKey,
  openAuthority,
  PROFILES,
  renewAuthority,
  wantedOf,
  type Authority,
  type Profile,
} from '../wire/certificates/authority.ts'
import { writeFileSafely, writeNewFile } from '../wire/certificates/certificate-files.ts'
import { certificatesOf, toPem } from '../wire/certificates/certificate-store.ts'
import type { Certificate } from '../wire/certificates/certificate.ts'
import { addressesOfThisMachine } from '../wire/certificates/renewal.ts'
import { parseSigningRequest } from '../wire/certificates/signing-request.ts'
import { textOption, type Action, type Call } from './call.ts'
import { onRecord } from './certs-record.ts'
import { configFile, loadConfigFile } from './config-file.ts'
import { Exit } from './exit-code.ts'

export { status } from './certs-status.ts'

const DAY_MS = 86_400_000
const MOST_DAYS = 36_500

export const init: Action = async (call) => {
  const { folder, passphrase, data } = await placeOf(call)
  const name = textOption(call, 'name') ?? 'Bifrost CA'
  const days = daysOf(call)
  await onRecord(data, 'certificate.init', name, async () => {
    const authority = await createAuthority(folder, { name, now: systemClock.now(), days, passphrase })
    tell(call, authority.certificate, join(folder, 'ca.crt'))
    return authority.certificate
  })
  call.terminal.say('give ca.crt to who connects to what it issues; ca.key stays here, and in a backup that is locked')
  return Exit.ok
}

export const issue: Action = async (call) => {
  const name = nameOf(call)
  const output = textOption(call, 'output') ?? '.'
  const cert = join(output, `${name}.crt`)
  const { authority, data } = await authorityOf(call)
  const request = await requestOf(call)
  const key = request?.publicKey ?? makeEcKey()
  const profile = profileOf(call)
  const names = namesOf(call, profile, request)
  const wanted = { commonName: name, profile, key, ...names }
  const der = issueCertificate(authority, wanted, systemClock.now(), daysOf(call))
  await onRecord(data, 'certificate.issue', `${name}, ${profile}`, async () => {
    if (request === undefined && !(await writeNewFile(join(output, `${name}.key`), keyPem(key))))
      throw new GatewayError(
        'USAGE',
        `there is a ${name}.key in ${output} already; \`bifrost certs renew ${cert}\` renews it`,
      )
    await putCertificate(cert, der)
    const [made] = certificatesOf(der)
    tell(call, made!, cert)
    return made!
  })
  return Exit.ok
}

export const renew: Action = async (call) => {
  const within = textOption(call, 'within')
  const limit = within === undefined ? Infinity : systemClock.now() + wholeNumber(within, '--within') * DAY_MS
  if (call.args.length === 0) throw new GatewayError('USAGE', 'which? Files such as gateway.crt, or ca')
  const { authority, data } = await authorityOf(call)
  for (const file of call.args) {
    if (file === 'ca') {
      if (authority.certificate.notAfter > limit) continue
      const days = Math.round((authority.certificate.notAfter - authority.certificate.notBefore) / DAY_MS) - 1
      await onRecord(data, 'certificate.renew', 'ca', async () => {
        const renewed = await renewAuthority(authority, systemClock.now(), days)
        tell(call, renewed, join(authority.folder, 'ca.crt'))
        return renewed
      })
    } else await renewFile(call, { authority, data }, file, limit)
  }
  return Exit.ok
}

async function renewFile(call: Call, { authority, data }: Opened, file: string, limit: number): Promise<void> {
  const [before] = certificatesOf(await readGiven(file, 'USAGE'))
  if (before!.notAfter > limit) return call.terminal.say(`${file}: ${daysLeft(before!)} days left, left alone`)
  if (!before!.x509.checkIssued(authority.certificate.x509))
    throw new GatewayError('USAGE', `${file} was issued by "${before!.issuer}", not by this authority`)
  const keyFile = file.replace(/\.(crt|pem|cer)$/i, '') + '.key'
  const keeps = call.options['keepKey'] === true
  const key = keeps ? createPrivateKey(await readGiven(keyFile, 'USAGE')) : makeEcKey()
  const der = issueCertificate(authority, { ...wantedOf(before!), key }, systemClock.now(), daysOf(call))
  // The key first: a gateway that looks between the two finds a pair that does not fit, and keeps what it has.
  await onRecord(data, 'certificate.renew', file, async () => {
    if (!keeps) await replaceFile(keyFile, keyPem(key))
    await replaceFile(file, toPem(der, 'CERTIFICATE'))
    const [made] = certificatesOf(der)
    tell(call, made!, file)
    return made!
  })
}

/** In its place, with the owner and the mode that it had: root renews what the gateway's own user reads. */
async function replaceFile(file: string, content: string | Buffer): Promise<void> {
  const before = await stat(file).catch(() => undefined)
  if (before === undefined)
    throw new GatewayError('USAGE', `${file} is not there; was the key made by a signing request?`)
  await writeFileSafely(file, content)
  await chmod(file, before.mode & 0o777)
  await chown(file, before.uid, before.gid)
}

async function putCertificate(file: string, der: Buffer): Promise<void> {
  await writeFileSafely(file, toPem(der, 'CERTIFICATE'))
  await chmod(file, 0o644)
}

/** Folder of the authority, and the passphrase of its key. */
async function placeOf(
  call: Call,
): Promise<{ folder: string; passphrase: string | undefined; data: string | undefined }> {
  const file = textOption(call, 'passphraseFile') ?? call.env['BIFROST_CA_PASSPHRASE_FILE']
  const passphrase = file === undefined ? undefined : firstLine(await readGiven(file, 'USAGE'))
  if (passphrase !== undefined && passphrase.length < 12)
    throw new GatewayError(
      'USAGE',
      'the passphrase needs 12 characters or more: who has the folder can try as often as he likes',
    )
  const ca = textOption(call, 'ca')
  if (ca !== undefined) return { folder: ca, passphrase, data: undefined }
  const data = readVariable('BIFROST_DATA', call.env) ?? (await loadConfigFile(configFile(call), call.env)).data
  return { folder: join(data, 'ca'), passphrase, data }
}

const firstLine = (bytes: Buffer): string => bytes.toString('utf8').split(/\r?\n/, 1)[0]!

interface Opened {
  readonly authority: Authority
  /** The data folder that it is in. */
  readonly data: string | undefined
}

async function authorityOf(call: Call): Promise<Opened> {
  const { folder, passphrase, data } = await placeOf(call)
  return { authority: await openAuthority(folder, passphrase), data }
}

async function readGiven(file: string, code: 'USAGE'): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (cause) {
    throw new GatewayError(code, `${file} cannot be read: ${messageOf(cause)}`, { cause })
  }
}

async function requestOf(call: Call) {
  const file = textOption(call, 'csr')
  if (file === undefined) return undefined
  try {
    return parseSigningRequest(await readGiven(file, 'USAGE'))
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause
    throw new GatewayError('USAGE', `${file}: ${messageOf(cause)}`, { cause })
  }
}

/** It becomes a common name and a file name. */
function nameOf({ args: [name = ''] }: Call): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._ -]{0,63}$/.test(name)) return name
  throw new GatewayError(
    'USAGE',
    `"${name}" is no name of a certificate: letters, digits, . _ - and spaces, 64 at most`,
  )
}

function profileOf(call: Call): Profile {
  const given = textOption(call, 'profile') ?? 'server'
  const profile = PROFILES.find((one) => one === given)
  if (profile !== undefined) return profile
  throw new GatewayError('USAGE', `--profile ${given} is none of ${PROFILES.join(', ')}`)
}

/** Those given, else those of the request, else (a server) those of this machine. */
function namesOf(call: Call, profile: Profile, request: Awaited<ReturnType<typeof requestOf>>) {
  const dnsNames = listOption(
    call,
    'dns',
    (name) => /^(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_-]*\.?)*$/.test(name),
    'host name',
  )
  const ipAddresses = listOption(call, 'ip', (text) => isIP(text) !== 0, 'IP address')
  if (dnsNames.length + ipAddresses.length > 0) return { dnsNames, ipAddresses }
  if (request !== undefined) return request
  if (profile === 'client') return { dnsNames, ipAddresses }
  return { dnsNames: [hostname(), 'localhost'], ipAddresses: ['127.0.0.1', '::1', ...addressesOfThisMachine()] }
}

function listOption(call: Call, option: string, isGood: (text: string) => boolean, what: string): string[] {
  const words = (textOption(call, option) ?? '').split(',').flatMap((word) => word.trim() || [])
  const wrong = words.find((word) => !isGood(word))
  if (wrong !== undefined) throw new GatewayError('USAGE', `--${option}: "${wrong}" is no ${what}`)
  return words
}

const daysOf = (call: Call): number => wholeNumber(textOption(call, 'days') ?? '397', '--days')

function wholeNumber(text: string, option: string): number {
  const number = Number(text)
  if (Number.isInteger(number) && number >= 1 && number <= MOST_DAYS) return number
  throw new GatewayError('USAGE', `${option} ${text}: expected a number of days from 1 to ${MOST_DAYS}`)
}

const daysLeft = ({ notAfter }: Certificate): number => Math.floor((notAfter - systemClock.now()) / DAY_MS)

function tell(call: Call, certificate: Certificate, file: string): void {
  const { commonName, serial, notAfter, dnsNames, ipAddresses, sha256 } = certificate
  const notAfterText = new Date(notAfter).toISOString()
  if (call.terminal.json)
    return call.terminal.resultJson({ file, commonName, serial, sha256, notAfter: notAfterText, dnsNames, ipAddresses })
  const names = [...dnsNames, ...ipAddresses]
  const whom = names.length === 0 ? '' : `, for ${names.join(', ')}`
  call.terminal.result(`${file}: "${commonName}" until ${notAfterText.slice(0, 10)}${whom}`)
}
