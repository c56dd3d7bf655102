/** Asks before something unsaved is left. */
import { Button, Modal } from '@mantine/core'
import { useEffect, useState } from 'react'
import { shellStrings } from '../strings/shell.ts'
import { guardAddress, whenGuarded } from './address.ts'

const strings = shellStrings.leave

/** While `question` is there, the screen is not left without its answer. */
export function useUnsaved(question: string | undefined): void {
  useEffect(() => (question === undefined ? undefined : guardAddress(() => question)), [question])
}

export function LeaveGuard() {
  const [asked, setAsked] = useState<{ question: string; leave: () => void }>()
  useEffect(() => whenGuarded((question, leave) => setAsked({ question, leave })), [])
  const stay = () => setAsked(undefined)
  return (
    <Modal opened={asked !== undefined} onClose={stay} title={strings.title} centered withCloseButton={false}>
      <p>{asked?.question}</p>
      <div className="bar end">
        <Button
          variant="default"
          onClick={() => {
            stay()
            asked?.leave()
          }}
        >
          {strings.leave}
        </Button>
        <Button data-autofocus onClick={stay}>
          {strings.stay}
        </Button>
      </div>
    </Modal>
  )
}
