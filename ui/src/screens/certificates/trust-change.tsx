/** Trust given, taken back, or a certificate forgotten: what there is to compare stands in the question. */
import { TextInput } from '@mantine/core'
import { useState } from 'react'
import { useDo } from '../../api/ask.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { certificateStrings as strings } from '../../strings/certificates.ts'
import { CertificateFacts, nameOf, type Listed } from './certificate.tsx'

export type Holders = 'applications' | 'persons'
export type Change = 'trust' | 'reject' | 'remove'

interface Props {
  readonly holders: Holders
  readonly change: Change
  readonly certificate: Listed
  onClose(): void
}

export function TrustChange({ holders, change, certificate, onClose }: Props) {
  const send = useDo(`POST /api/v1/certificates/${change}`, ['GET /api/v1/certificates', 'GET /api/v1/devices'])
  const [reason, setReason] = useState('')
  const name = nameOf(certificate)
  const words = strings[`${change}Dialog`]
  const body = {
    holders,
    thumbprint: certificate.thumbprint,
    ...(reason.trim() === '' ? {} : { reason: reason.trim() }),
  }
  return (
    <Confirm
      title={words.title(name)}
      text={change === 'trust' ? <Trusting certificate={certificate} /> : strings[`${change}Dialog`].text}
      label={words.effect(name)}
      busy={send.isPending}
      error={send.error}
      onConfirm={() => send.mutate({ body }, { onSuccess: onClose })}
      onClose={onClose}
    >
      <TextInput
        mt="sm"
        label={strings.reason}
        maxLength={500}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
    </Confirm>
  )
}

function Trusting({ certificate }: { certificate: Listed }) {
  const words = strings.trustDialog
  return (
    <>
      <p>{words.compare}</p>
      <CertificateFacts certificate={certificate} />
      {certificate.authority && <p>{words.authority}</p>}
      <p className="quiet">{words.counts}</p>
    </>
  )
}
