/** What can be done with the dead letters of a sink: send them again, or purge them. */
import { Button } from '@mantine/core'
import { useState } from 'react'
import { useDo } from '../../api/ask.ts'
import type { SinkView } from '../../api.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { sinkStrings } from '../../strings/sinks.ts'
import { ReasonInput } from './reason-input.tsx'
import { isRunning } from './replay-progress.tsx'

const strings = sinkStrings.letters
const CHANGES = ['GET /api/v1/sinks', 'GET /api/v1/sinks/{sink}/dead-letters'] as const

interface Props {
  readonly sink: SinkView
  readonly disabled: boolean
}

export function LetterActions({ sink, disabled }: Props) {
  const [asking, setAsking] = useState<'replay' | 'purge'>()
  const close = () => setAsking(undefined)
  return (
    <>
      <Button
        size="compact-sm"
        variant="default"
        disabled={disabled || isRunning(sink.replay)}
        onClick={() => setAsking('replay')}
      >
        {strings.replay}
      </Button>
      <Button size="compact-sm" variant="default" disabled={disabled} onClick={() => setAsking('purge')}>
        {strings.purge}
      </Button>
      {asking === 'replay' && <AskReplay name={sink.name} onClose={close} />}
      {asking === 'purge' && <AskPurge name={sink.name} onClose={close} />}
    </>
  )
}

interface AskProps {
  readonly name: string
  onClose(): void
}

function AskReplay({ name, onClose }: AskProps) {
  const [reason, setReason] = useState('')
  const replay = useDo('POST /api/v1/sinks/{sink}/dead-letters/replay', CHANGES)
  const words = sinkStrings.replay
  const body = reason === '' ? {} : { reason }
  return (
    <Confirm
      title={words.confirmTitle(name)}
      text={<p>{words.confirmLetters(name)}</p>}
      label={words.labelLetters(name)}
      busy={replay.isPending}
      error={replay.error}
      onConfirm={() => replay.mutate({ params: { sink: name }, body }, { onSuccess: onClose })}
      onClose={onClose}
    >
      <ReasonInput value={reason} onChange={setReason} />
    </Confirm>
  )
}

function AskPurge({ name, onClose }: AskProps) {
  const [reason, setReason] = useState('')
  const purge = useDo('POST /api/v1/sinks/{sink}/dead-letters/purge', CHANGES)
  const body = { confirm: name, ...(reason === '' ? {} : { reason }) }
  return (
    <Confirm
      title={strings.purgeTitle(name)}
      text={<p>{strings.purgeText(name)}</p>}
      label={strings.purgeLabel(name)}
      typed={name}
      busy={purge.isPending}
      error={purge.error}
      onConfirm={() => purge.mutate({ params: { sink: name }, body }, { onSuccess: onClose })}
      onClose={onClose}
    >
      <ReasonInput value={reason} onChange={setReason} />
    </Confirm>
  )
}
