/** Our own certificate of OPC UA: what far sides know us by; renewed in steps, so that none of them is lost. */
import { Button } from '@mantine/core'
import { useState } from 'react'
import { useAsk, useDo } from '../../api/ask.ts'
import { Asked } from '../../parts/asked.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { EmptyState } from '../../parts/empty-state.tsx'
import { Elapsed } from '../../parts/elapsed.tsx'
import { Panel } from '../../parts/panel.tsx'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { certificateStrings } from '../../strings/certificates.ts'
import { partStrings } from '../../strings/parts.ts'
import { CertificateFacts, DownloadButton, type Listed } from './certificate.tsx'
import { FileDialog } from './file-dialog.tsx'
import { RenewDialog, RequestDialog } from './renew-dialog.tsx'

const strings = certificateStrings.own
const LIST = 'GET /api/v1/certificates'
type Step = 'use' | 'undo' | 'done'
type Dialog = 'renew' | 'request' | 'import' | Step

export default function OwnTab() {
  const listing = useAsk(LIST, { query: { holders: 'applications' } }, { everyMs: 10_000 })
  const [dialog, setDialog] = useState<Dialog>()
  const close = () => setDialog(undefined)
  return (
    <>
      <p className="quiet">{strings.about}</p>
      <Asked query={listing}>
        {({ certificates }) => {
          const find = (state: Listed['state']) => certificates.find((one) => one.state === state)
          const [current, next, previous] = [find('own'), find('next'), find('previous')]
          if (current === undefined) return <None />
          return (
            <div className="grid-panels">
              <Panel title={strings.current}>
                <CertificateFacts certificate={current} />
                <div className="bar">
                  <Get format="der" />
                  <Get format="pem" />
                  <Ask label={strings.renew} onClick={() => setDialog('renew')} />
                  <Ask label={strings.request} onClick={() => setDialog('request')} />
                  <Ask label={strings.import} onClick={() => setDialog('import')} />
                </div>
              </Panel>
              {next !== undefined && (
                <Panel title={strings.next}>
                  <CertificateFacts certificate={next} />
                  <div className="bar">
                    <DownloadButton certificate={next} />
                    <Ask label={strings.use} onClick={() => setDialog('use')} />
                  </div>
                </Panel>
              )}
              {previous !== undefined && (
                <Panel title={strings.previous}>
                  <CertificateFacts certificate={previous} />
                  <div className="bar">
                    <Ask label={strings.undo} onClick={() => setDialog('undo')} />
                    <Ask label={strings.done} onClick={() => setDialog('done')} />
                  </div>
                </Panel>
              )}
            </div>
          )
        }}
      </Asked>
      {dialog === 'renew' && <RenewDialog onClose={close} />}
      {dialog === 'request' && <RequestDialog onClose={close} />}
      {dialog === 'import' && <FileDialog kind="own" onClose={close} />}
      {(dialog === 'use' || dialog === 'undo' || dialog === 'done') && <StepDialog step={dialog} onClose={close} />}
    </>
  )
}

function None() {
  const make = useDo('POST /api/v1/certificates/own', [LIST])
  return (
    <EmptyState text={strings.none}>
      <Button disabled={make.isPending} onClick={() => make.mutate({ body: {} })}>
        {strings.make}
      </Button>
      {make.isPending && <Elapsed label={partStrings.loading} />}
      <ProblemNote error={make.error} what={strings.failed} />
    </EmptyState>
  )
}

const Get = ({ format }: { format: 'der' | 'pem' }) => (
  <Button component="a" download size="compact-sm" variant="default" href={`/api/v1/certificates/own?format=${format}`}>
    {strings[format]}
  </Button>
)

const Ask = ({ label, onClick }: { label: string; onClick(): void }) => (
  <Button size="compact-sm" variant="default" onClick={onClick}>
    {label}
  </Button>
)

function StepDialog({ step, onClose }: { step: Step; onClose(): void }) {
  const change = useDo(`POST /api/v1/certificates/own/${step}`, [LIST])
  return (
    <Confirm
      title={strings[step]}
      text={strings[`${step}Why`]}
      label={strings[step]}
      busy={change.isPending}
      error={change.error}
      onConfirm={() => change.mutate({ body: {} }, { onSuccess: onClose })}
      onClose={onClose}
    />
  )
}
