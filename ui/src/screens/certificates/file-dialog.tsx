/** A certificate, an authority or a revocation list from a file of whoever looks: trusted, imported, or ours from an authority. */
import { Button, Modal } from '@mantine/core'
import { useState } from 'react'
import { useDo } from '../../api/ask.ts'
import { formatCount } from '../../format.ts'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { certificateStrings } from '../../strings/certificates.ts'
import { partStrings } from '../../strings/parts.ts'
import type { Holders } from './trust-change.tsx'

const strings = certificateStrings.files
/** What the gateway takes, before base64 makes it a third longer. */
const MOST_BYTES = 600_000

const KINDS = {
  trust: { call: 'POST /api/v1/certificates/trust', title: strings.trustTitle, why: strings.trustWhy, effect: strings.trustEffect }, // prettier-ignore
  import: { call: 'POST /api/v1/certificates/import', title: strings.importTitle, why: strings.importWhy, effect: strings.importEffect }, // prettier-ignore
  own: { call: 'POST /api/v1/certificates/own/import', title: strings.ownTitle, why: strings.ownWhy, effect: strings.ownEffect }, // prettier-ignore
} as const

interface Props {
  readonly kind: keyof typeof KINDS
  readonly holders?: Holders
  onClose(): void
}

export function FileDialog({ kind, holders = 'applications', onClose }: Props) {
  const { call, title, why, effect } = KINDS[kind]
  const send = useDo(call, ['GET /api/v1/certificates'])
  const [file, setFile] = useState<File>()
  const [unread, setUnread] = useState(false)
  const tooLarge = (file?.size ?? 0) > MOST_BYTES
  const submit = async () => {
    if (file === undefined) return
    const bytes = await file.arrayBuffer().catch(() => undefined)
    setUnread(bytes === undefined)
    if (bytes === undefined) return
    const text = base64Of(new Uint8Array(bytes))
    const body = kind === 'own' ? { file: text } : { file: text, holders }
    // What an import found is said first.
    const options = kind === 'import' ? {} : { onSuccess: onClose }
    send.mutate({ body }, options)
  }
  if (send.data !== undefined && 'lists' in send.data)
    return (
      <Modal opened centered title={title} onClose={onClose}>
        <p role="status">{strings.imported(formatCount(send.data.issuers.length), formatCount(send.data.lists))}</p>
        <div className="bar end">
          <Button onClick={onClose}>{partStrings.close}</Button>
        </div>
      </Modal>
    )
  return (
    <FormDialog
      title={title}
      label={effect}
      busy={send.isPending}
      error={send.error}
      what={strings.notDone}
      disabled={file === undefined || tooLarge}
      onSubmit={() => void submit()}
      onClose={onClose}
    >
      <p>{why}</p>
      <label className="file-choice">
        {strings.choose}
        <input
          type="file"
          data-autofocus
          accept=".der,.crt,.cer,.pem,.crl"
          onChange={(event) => setFile(event.currentTarget.files?.[0])}
        />
      </label>
      {tooLarge && <p role="alert">{strings.tooLarge}</p>}
      {unread && <p role="alert">{strings.unread}</p>}
    </FormDialog>
  )
}

/** PEM is text that the gateway knows in base64 too: it is one way for both. */
function base64Of(bytes: Uint8Array): string {
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')
  return text.includes('-----BEGIN') ? text : btoa(text)
}
