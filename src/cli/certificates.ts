/** `bifrost opcua certificates|trust|reject|remove|import|own|csr|renew`: what people do with certificates. */
import { readFile, writeFile } from 'node:fs/promises'
import type { Holders } from '../gateway.ts'
import { GatewayError, messageOf } from '../core/errors.ts'
import { toPem } from '../wire/certificates/certificate-store.ts'
import { textOption, type Action, type Call } from './call.ts'
import {
  openDesk,
  type CertificateDesk,
  type CertificateView,
  type KeyOptions,
  type ListedView,
  type OwnView,
} from './certificate-desk.ts'
import { Exit } from './exit-code.ts'

const holdersOf = (call: Call): Holders => (call.options.users === true ? 'persons' : 'applications')

/** Opens the desk, and closes it however the work ends. */
const atDesk =
  (work: (desk: CertificateDesk, call: Call) => Promise<void>): Action =>
  async (call) => {
    const desk = await openDesk(call)
    try {
      await work(desk, call)
      return Exit.ok
    } finally {
      await desk.close()
    }
  }

const STATES = ['rejected', 'trusted', 'issuer', 'own', 'next', 'previous'] as const

export const list: Action = atDesk(async (desk, call) => {
  const state = textOption(call, 'state')
  if (state !== undefined && !STATES.some((one) => one === state))
    throw new GatewayError('USAGE', `--state ${state} is none of ${STATES.join(', ')}`)
  const [thumbprint] = call.args
  const wanted = thumbprint?.replace(/[:\s]/g, '').toUpperCase()
  const listing = await desk.list(holdersOf(call))
  const shown = listing.certificates.filter(
    (one) =>
      (state === undefined || one.state === state) &&
      (wanted === undefined || one.thumbprint.startsWith(wanted) || one.sha256.startsWith(wanted)),
  )
  if (thumbprint !== undefined && shown.length === 0)
    throw new GatewayError('NOT_FOUND', `there is no certificate with the thumbprint ${thumbprint}`)
  const { terminal } = call
  if (terminal.json) return terminal.resultJson({ ...listing, certificates: shown })
  for (const one of shown)
    for (const line of wanted === undefined ? linesOf(one) : allLinesOf(one)) terminal.result(line)
  for (const { file, problem } of listing.problems) terminal.say(`warning: ${file}: ${problem}`)
  if (shown.length === 0)
    terminal.say(state === undefined ? 'there are no certificates yet' : `no certificate is ${state}`)
})

export const trust: Action = atDesk(async (desk, call) => {
  const given = wordOf(call, 'which? A thumbprint of `bifrost opcua certificates`, or a file')
  const isThumbprint = /^[0-9a-f:\s]{8,95}$/i.test(given)
  const what = isThumbprint ? { thumbprint: given } : { file: await fileOf(given) }
  tell(call, await desk.trust(holdersOf(call), what), 'is trusted from the next connection on')
})

export const reject: Action = atDesk(async (desk, call) => {
  const thumbprint = wordOf(call, 'which? `bifrost opcua certificates --state trusted` shows them')
  tell(call, await desk.change('reject', holdersOf(call), thumbprint), 'is refused from the next connection on')
})

export const remove: Action = atDesk(async (desk, call) => {
  const thumbprint = wordOf(call, 'which? `bifrost opcua certificates` shows them')
  tell(call, await desk.change('remove', holdersOf(call), thumbprint), 'is removed; it may be presented again')
})

export const importFile: Action = atDesk(async (desk, call) => {
  const imported = await desk.import(holdersOf(call), await fileOf(wordOf(call, 'which file?')))
  if (call.terminal.json) return call.terminal.resultJson(imported)
  for (const issuer of imported.issuers)
    call.terminal.result(
      `${nameOf(issuer)} is known; \`bifrost opcua trust ${issuer.thumbprint}\` trusts all that it issued`,
    )
  if (imported.lists > 0)
    call.terminal.result(`${imported.lists} revocation ${imported.lists === 1 ? 'list' : 'lists'} imported`)
})

export const own: Action = atDesk(async (desk, call) => {
  const file = textOption(call, 'import')
  const view = file === undefined ? await desk.makeOwn(bitsOf(call)) : await desk.importOwn(await fileOf(file))
  const output = textOption(call, 'output')
  const { current, next } = view
  if (output !== undefined || call.options.pem === true) await writeCertificate(desk, call, current!, output ?? '-')
  else if (call.terminal.json) call.terminal.resultJson(view)
  else {
    for (const line of ownLines(view)) call.terminal.result(line)
    if (file !== undefined && next !== null) call.terminal.say('take it in use with `bifrost opcua renew --use`')
  }
})

export const csr: Action = atDesk(async (desk, call) => {
  const request = await desk.requestOwn(keyOf(call))
  await write(call, textOption(call, 'output') ?? '-', request)
})

export const renew: Action = atDesk(async (desk, call) => {
  const chosen = (['use', 'undo', 'done'] as const).filter((flag) => call.options[flag] === true)
  if (chosen.length > 1)
    throw new GatewayError('USAGE', `--${chosen.join(' and --')} are different steps: say one of them`)
  const [to] = chosen
  const view = to === undefined ? await desk.renewOwn(keyOf(call)) : await desk.changeOwn(to)
  const output = textOption(call, 'output')
  if (to === undefined && output !== undefined) await writeCertificate(desk, call, view.next!, output)
  if (call.terminal.json) return call.terminal.resultJson(view)
  for (const line of ownLines(view)) call.terminal.result(line)
  if (to === undefined)
    call.terminal.say('give it to the far sides, then take it in use with `bifrost opcua renew --use`')
  if (to === 'use')
    call.terminal.say('devices use it from their next connection on; `bifrost opcua renew --undo` goes back')
})

function wordOf({ args: [word] }: Call, question: string): string {
  if (word !== undefined && word !== '') return word
  throw new GatewayError('USAGE', question)
}

async function fileOf(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (cause) {
    throw new GatewayError('USAGE', `${path} is no thumbprint, and no file that can be read: ${messageOf(cause)}`, {
      cause,
    })
  }
}

const keyOf = (call: Call): KeyOptions => ({ newKey: call.options['newKey'] === true, keyBits: bitsOf(call) })

function bitsOf(call: Call): KeyOptions['keyBits'] {
  const text = textOption(call, 'bits') ?? '2048'
  const bits = ([2048, 3072, 4096] as const).find((one) => String(one) === text)
  if (bits !== undefined) return bits
  throw new GatewayError('USAGE', `--bits ${text} is none of 2048, 3072, 4096`)
}

/** The certificate itself is not in the views: it is one of the files of the listing. */
async function writeCertificate(
  desk: CertificateDesk,
  call: Call,
  { sha256 }: CertificateView,
  output: string,
): Promise<void> {
  const listing = await desk.list('applications')
  const der = listing.certificates.find((one) => one.sha256 === sha256)?.der
  if (der === undefined) throw new GatewayError('NOT_FOUND', 'our own certificate is gone')
  const bytes = Buffer.from(der, 'base64')
  const isPem = call.options.pem === true || /\.(pem|crt)$/i.test(output)
  await write(call, output, isPem ? toPem(bytes, 'CERTIFICATE') : bytes)
}

async function write(call: Call, output: string, content: string | Buffer): Promise<void> {
  if (output === '-') process.stdout.write(content)
  else {
    await writeFile(output, content)
    call.terminal.say(`written: ${output}`)
  }
}

const nameOf = ({ subject, thumbprint }: CertificateView): string => `"${subject}" (${thumbprint})`

function tell(call: Call, certificate: CertificateView, what: string): void {
  if (call.terminal.json) call.terminal.resultJson({ certificate })
  else call.terminal.result(`${nameOf(certificate)} ${what}`)
}

const dayOf = (iso: string): string => iso.slice(0, 10)

function linesOf({ state, thumbprint, subject, validFrom, validTo, ...one }: ListedView): string[] {
  const { applicationUri, dnsNames, ipAddresses, presented, reason, trustedAt, trustedBy } = one
  const names = [...dnsNames, ...ipAddresses]
  const [latest] = presented
  return [
    `${state}  ${thumbprint}  ${subject}`,
    `  valid ${dayOf(validFrom)} to ${dayOf(validTo)}${applicationUri === null ? '' : `, ${applicationUri}`}${names.length === 0 ? '' : `, for ${names.join(', ')}`}`,
    ...(trustedAt === null ? [] : [`  trusted ${dayOf(trustedAt)}${trustedBy === null ? '' : ` by ${trustedBy}`}`]),
    ...(latest === undefined ? [] : [`  presented by ${latest.endpoint} to ${latest.device}, last ${latest.lastAt}`]),
    ...(reason === null ? [] : [`  ${reason}`]),
  ]
}

function allLinesOf(one: ListedView): string[] {
  const uses = (given: readonly string[] | null): string => given?.join(', ') ?? 'not limited'
  return [
    ...linesOf(one),
    `  SHA-256 ${one.sha256}`,
    `  issuer ${one.issuer}, serial ${one.serial}${one.authority ? ', an authority' : ''}`,
    `  key ${one.key}, signature ${one.signature}`,
    `  key usage ${uses(one.keyUsage)}; extended ${uses(one.extendedKeyUsage)}`,
    ...one.presented
      .slice(1)
      .map(({ endpoint, device, lastAt }) => `  presented by ${endpoint} to ${device}, last ${lastAt}`),
    `  ${one.file}`,
  ]
}

function ownLines({ applicationUri, current, next, previous }: OwnView): string[] {
  const line = (state: string, one: CertificateView | null): string[] =>
    one === null
      ? []
      : [
          `${state}  ${one.thumbprint}  ${one.subject}`,
          `  valid ${dayOf(one.validFrom)} to ${dayOf(one.validTo)}, key ${one.key}, for ${[...one.dnsNames, ...one.ipAddresses].join(', ')}`,
        ]
  return [
    `application ${applicationUri ?? ''}`,
    ...line('in use', current),
    ...line('next', next),
    ...line('previous', previous),
  ]
}
