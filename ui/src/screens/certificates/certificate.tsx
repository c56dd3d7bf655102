/** A certificate to look at: its names, validity and thumbprints; and as a file. */
import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import type { Operations } from '../../api/operations.ts'
import { formatTime } from '../../format.ts'
import { useNow } from '../../live/context.ts'
import { CopyButton } from '../../parts/copy-button.tsx'
import { saveFile } from '../../parts/download.ts'
import { distance, Moment } from '../../parts/moment.tsx'
import { StateMark } from '../../status-mark.tsx'
import { certificateStrings as strings } from '../../strings/certificates.ts'

export type Listed = Operations['GET /api/v1/certificates']['answer']['certificates'][number]
export type Certificate = NonNullable<Operations['POST /api/v1/certificates/own']['answer']['current']>

const SOON_MS = 30 * 86_400_000
const words = strings.facts

/** What it is called: its common name, else all of its subject. */
export const nameOf = ({ commonName, subject }: Pick<Certificate, 'commonName' | 'subject'>): string =>
  commonName === '' ? subject : commonName

export const sanOf = ({ dnsNames, ipAddresses }: Pick<Certificate, 'dnsNames' | 'ipAddresses'>): string =>
  [...dnsNames, ...ipAddresses].join(', ')

/** `0466 ED0F F4C2 …`: to be compared by eye. */
export const grouped = (hex: string): string => hex.replace(/(.{4})(?=.)/g, '$1 ')

/** What is to be done about its validity soon, by the gateway's clock; undefined: nothing. */
function expiryOf(from: string | null, to: string | null, now: number) {
  const [start, end] = [Date.parse(from ?? ''), Date.parse(to ?? '')]
  if (end < now) return { state: 'Failed', text: strings.expiry.expired(distance(end, now)) } as const
  if (start > now) return { state: 'Failed', text: strings.expiry.early(distance(start, now)) } as const
  if (end < now + SOON_MS) return { state: 'Degraded', text: strings.expiry.soon(distance(end, now)) } as const
  return undefined
}

export function ValidUntil({ from, to }: { from: string | null; to: string | null }) {
  const warning = expiryOf(from, to, useNow())
  if (warning === undefined) return <Moment time={to} />
  return (
    <span className="state-word">
      <StateMark state={warning.state} />
      <span title={to === null ? undefined : formatTime(Date.parse(to))}>{warning.text}</span>
    </span>
  )
}

export function CertificateFacts({ certificate, children }: { certificate: Certificate; children?: ReactNode }) {
  const { subject, issuer, thumbprint, sha256, applicationUri, validFrom, validTo, key, signature } = certificate
  const warning = expiryOf(validFrom, validTo, useNow())
  return (
    <dl className="facts certificate-facts">
      <dt>{words.subject}</dt>
      <dd>
        <bdi>{subject}</bdi>
      </dd>
      <dt>{words.thumbprint}</dt>
      <dd>
        <code data-testid="thumbprint">{grouped(thumbprint)}</code> <CopyButton text={thumbprint} />
      </dd>
      <dt>{words.sha256}</dt>
      <dd>
        <code>{grouped(sha256)}</code>
      </dd>
      <dt>{words.uri}</dt>
      <dd>{applicationUri ?? <span className="quiet">{words.noUri}</span>}</dd>
      <dt>{words.names}</dt>
      <dd>{sanOf(certificate) || <span className="quiet">{words.noNames}</span>}</dd>
      <dt>{words.valid}</dt>
      <dd>
        {words.span(formatTime(Date.parse(validFrom)), formatTime(Date.parse(validTo)))}{' '}
        {warning !== undefined && (
          <span className="state-word">
            <StateMark state={warning.state} />
            {warning.text}
          </span>
        )}
      </dd>
      <dt>{words.issuer}</dt>
      <dd>{issuer === subject ? words.self : issuer}</dd>
      <dt>{words.key}</dt>
      <dd>
        {key}, {signature}
      </dd>
      {children}
    </dl>
  )
}

/** The certificate itself, for a far side. */
export function DownloadButton({ certificate }: { certificate: Listed }) {
  const name = nameOf(certificate)
  return (
    <Button
      size="compact-xs"
      variant="default"
      aria-label={strings.downloadOf(name)}
      onClick={() => {
        const bytes = Uint8Array.from(atob(certificate.der), (character) => character.charCodeAt(0))
        saveFile(`${name.replaceAll(/[^\w.-]+/g, '_')}.der`, new Blob([bytes], { type: 'application/pkix-cert' }))
      }}
    >
      {strings.download}
    </Button>
  )
}
