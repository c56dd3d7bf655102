/** In the header: who is signed in, a new password, and the way out. Nothing where nobody is asked. */
import { Button } from '@mantine/core'
import { Suspense, useRef, useState } from 'react'
import { formatTime } from '../format.ts'
import { lazyPart } from '../lazy-part.ts'
import { accessStrings as words } from '../strings/access.ts'
import type { User } from './calls.ts'
import { useAccess } from './context.ts'
import { Fault } from './form-parts.tsx'
import { leave } from './leave.ts'
import { faultText } from './pause.ts'

const PasswordDialog = lazyPart(() => import('./password-dialog.tsx'))
const MENU_ID = 'account-menu'

export function AccountMenu() {
  const { state } = useAccess()
  if (!('user' in state) || state.user.kind === 'open') return null
  return <MenuOf user={state.user} />
}

function MenuOf({ user }: { user: User }) {
  const menu = useRef<HTMLDivElement>(null)
  const [fault, setFault] = useState<string>()
  const [changing, setChanging] = useState(false)
  const { session } = user
  const roles = user.roles.join(', ')
  return (
    <>
      <Button
        size="compact-sm"
        variant="default"
        className="account"
        popoverTarget={MENU_ID}
        aria-label={words.signedInAs(user.name, roles)}
        data-testid="account"
      >
        <span className="clip">
          <bdi>{user.name}</bdi>
          <span className="quiet account-roles"> {roles}</span>
        </span>
      </Button>
      <div ref={menu} id={MENU_ID} popover="auto" className="panel account-menu" data-testid="account-menu">
        <p>{words.signedInAs(user.name, roles)}</p>
        {session !== null && <p className="quiet">{words.until(formatTime(Date.parse(session.endsAt)))}</p>}
        <Fault text={fault} />
        {session !== null && session.via !== 'oidc' && (
          <Button
            fullWidth
            variant="default"
            onClick={() => {
              menu.current?.hidePopover()
              setChanging(true)
            }}
          >
            {words.changePassword} …
          </Button>
        )}
        {session !== null && (
          <Button
            fullWidth
            mt="xs"
            variant="default"
            onClick={() => void leave().catch((error: unknown) => setFault(faultText(error)))}
          >
            {words.signOut}
          </Button>
        )}
      </div>
      <Suspense>{changing && <PasswordDialog user={user} onClose={() => setChanging(false)} />}</Suspense>
    </>
  )
}
