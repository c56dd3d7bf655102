/** What everybody may know of themselves: who they are to the gateway, what they may, and a new password. */
import { Button } from '@mantine/core'
import { Suspense, useState } from 'react'
import { useAccess } from '../../access/context.ts'
import { lazyPart } from '../../lazy-part.ts'
import { Moment } from '../../parts/moment.tsx'
import { Panel } from '../../parts/panel.tsx'
import { peopleStrings } from '../../strings/people.ts'

const PasswordDialog = lazyPart(() => import('../../access/password-dialog.tsx'))
const strings = peopleStrings.you

export default function YouTab() {
  const { state } = useAccess()
  const [changing, setChanging] = useState(false)
  if (!('user' in state)) return null
  const { user } = state
  const { session } = user
  return (
    <div className="grid-panels">
      <Panel title={strings.panel}>
        <dl className="facts">
          <dt>{strings.name}</dt>
          <dd>
            <bdi>{user.name}</bdi>
          </dd>
          <dt>{strings.kind}</dt>
          <dd>{session === null ? strings.kinds[user.kind] : peopleStrings.sessions.via[session.via]}</dd>
          <dt>{strings.roles}</dt>
          <dd>{user.roles.length === 0 ? peopleStrings.none : user.roles.join(', ')}</dd>
          {session !== null && (
            <>
              <dt>{strings.since}</dt>
              <dd>
                <Moment time={session.createdAt} relative />
              </dd>
              <dt>{strings.ends}</dt>
              <dd>
                <Moment time={session.endsAt} relative />
              </dd>
            </>
          )}
        </dl>
        {session !== null && session.via !== 'oidc' && (
          <Button variant="default" size="compact-sm" onClick={() => setChanging(true)}>
            {strings.change}
          </Button>
        )}
        {session?.via === 'oidc' && <p className="quiet">{strings.elsewhere}</p>}
      </Panel>
      <Panel title={strings.permissions}>
        <ul className="permission-list">
          {user.permissions.map((permission) => (
            <li key={permission}>
              <code>{permission}</code>{' '}
              <span className="quiet">{user.limited.includes(permission) ? strings.limited : strings.whole}</span>
            </li>
          ))}
        </ul>
      </Panel>
      <Suspense>{changing && <PasswordDialog user={user} onClose={() => setChanging(false)} />}</Suspense>
    </div>
  )
}
