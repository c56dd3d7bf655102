/** A new certificate of ours, or a signing request for one. */
import { Button, Modal, NativeSelect, Switch } from '@mantine/core'
import { useState } from 'react'
import { useDo } from '../../api/ask.ts'
import { CopyButton } from '../../parts/copy-button.tsx'
import { saveFile } from '../../parts/download.ts'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { certificateStrings } from '../../strings/certificates.ts'
import { partStrings } from '../../strings/parts.ts'

const strings = certificateStrings.own
const BITS = [2048, 3072, 4096] as const

type Bits = (typeof BITS)[number]

export function RenewDialog({ onClose }: { onClose(): void }) {
  const renew = useDo('POST /api/v1/certificates/own/renew', ['GET /api/v1/certificates'])
  const key = useKey()
  return (
    <FormDialog
      title={strings.renewTitle}
      label={strings.renewEffect}
      busy={renew.isPending}
      error={renew.error}
      what={strings.failed}
      onSubmit={() => renew.mutate({ body: key.body }, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p>{strings.renewWhy}</p>
      {key.fields}
    </FormDialog>
  )
}

export function RequestDialog({ onClose }: { onClose(): void }) {
  const make = useDo('POST /api/v1/certificates/own/request', ['GET /api/v1/certificates'])
  const key = useKey()
  if (make.data !== undefined) return <Made text={make.data.request} onClose={onClose} />
  return (
    <FormDialog
      title={strings.requestTitle}
      label={strings.requestEffect}
      busy={make.isPending}
      error={make.error}
      what={strings.failed}
      onSubmit={() => make.mutate({ body: key.body })}
      onClose={onClose}
    >
      <p>{strings.requestWhy}</p>
      {key.fields}
    </FormDialog>
  )
}

function Made({ text, onClose }: { text: string; onClose(): void }) {
  return (
    <Modal opened size={640} centered title={strings.requestTitle} onClose={onClose}>
      <p>{strings.requestDone}</p>
      <pre className="hex" tabIndex={0} data-testid="request">
        {text}
      </pre>
      <div className="bar end">
        <CopyButton text={text} />
        <Button
          variant="default"
          onClick={() => saveFile('bifrost.csr', new Blob([text], { type: 'application/pkcs10' }))}
        >
          {strings.requestFile}
        </Button>
        <Button onClick={onClose}>{partStrings.close}</Button>
      </div>
    </Modal>
  )
}

/** Whether with a new key, and how long it is. */
function useKey() {
  const [newKey, setNewKey] = useState(false)
  const [bits, setBits] = useState<Bits>(2048)
  return {
    body: newKey ? { newKey, keyBits: bits } : { newKey },
    fields: (
      <>
        <Switch
          mt="sm"
          label={strings.newKey}
          checked={newKey}
          onChange={(event) => setNewKey(event.currentTarget.checked)}
        />
        {newKey && (
          <NativeSelect
            mt="sm"
            label={strings.bits}
            value={String(bits)}
            data={BITS.map((one) => ({ value: String(one), label: strings.bitsOf(String(one)) }))}
            onChange={(event) => setBits(BITS.find((one) => String(one) === event.currentTarget.value) ?? 2048)}
          />
        )}
      </>
    ),
  }
}
