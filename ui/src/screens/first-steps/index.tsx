/** After the set-up of a gateway without devices: what can be done next, of what is there and what they may. */
import type { ReactNode } from 'react'
import { useAccess } from '../../access/context.ts'
import { useLive } from '../../live/context.ts'
import { CopyButton } from '../../parts/copy-button.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Link } from '../../shell/link.tsx'
import { usePermissions } from '../../shell/permissions.ts'
import { screenAt } from '../../shell/screens.ts'
import { firstStepStrings as strings } from '../../strings/first-steps.ts'

const STEPS = [
  ['/add-device', strings.add],
  ['/discovery', strings.discover],
  ['/backup', strings.restore],
  ['/people', strings.people],
  ['/', strings.blank],
] as const

export default function FirstSteps() {
  const { state } = useAccess()
  const permissions = usePermissions()
  const isBlank = useLive(({ connection, devices }) => connection.state === 'open' && devices.length === 0)
  const may = (path: string) => {
    const screen = screenAt(path)
    return screen !== undefined && (screen.permission === undefined || permissions.includes(screen.permission))
  }
  return (
    <>
      <h1 className="screen-title">{strings.title}</h1>
      {'user' in state && state.user.kind !== 'open' && <p>{strings.signedIn(state.user.name)}</p>}
      {isBlank && <p>{strings.readsNothing}</p>}
      <div className="grid-panels">
        {STEPS.filter(([path]) => may(path)).map(([path, step]) => (
          <Step key={path} title={step.title} text={step.text}>
            <Link href={path}>{step.link}</Link>
          </Step>
        ))}
        <Step title={strings.demo.title} text={strings.demo.text}>
          <code className="hex">{strings.demo.command}</code>
          <CopyButton text={strings.demo.command} />
        </Step>
      </div>
    </>
  )
}

function Step({ title, text, children }: { title: string; text: string; children: ReactNode }) {
  return (
    <Panel title={title}>
      <p>{text}</p>
      <div className="bar">{children}</div>
    </Panel>
  )
}
