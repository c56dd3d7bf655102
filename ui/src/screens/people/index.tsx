/** People, roles, tokens and sessions; whoever does not manage accounts sees their own tokens and sessions, and what they may. */
import { useAccess } from '../../access/context.ts'
import { EmptyState } from '../../parts/empty-state.tsx'
import { Tabs, useTab } from '../../parts/tabs.tsx'
import { useMay } from '../../shell/permissions.ts'
import { peopleStrings as strings } from '../../strings/people.ts'
import PeopleTab from './people-tab.tsx'
import './people.css'
import RolesTab from './roles-tab.tsx'
import SessionsTab from './sessions-tab.tsx'
import TokensTab from './tokens-tab.tsx'
import YouTab from './you-tab.tsx'

const { tabs } = strings
const OWN = [
  { id: 'you', title: tabs.you, Part: YouTab },
  { id: 'tokens', title: tabs.tokens, Part: TokensTab },
  { id: 'sessions', title: tabs.sessions, Part: SessionsTab },
]
const ALL = [
  { id: 'people', title: tabs.people, Part: PeopleTab },
  { id: 'roles', title: tabs.roles, Part: RolesTab },
  ...OWN.slice(1),
  OWN[0]!,
]

export default function People() {
  const { state } = useAccess()
  const shown = useMay('accounts.manage') ? ALL : OWN
  const tab = useTab(shown)
  const { Part } = shown.find(({ id }) => id === tab)!
  const isOpen = state.at === 'in' && state.who.access === 'open'
  return (
    <>
      <h1 className="screen-title">{strings.title}</h1>
      {isOpen ? (
        <EmptyState text={strings.open} />
      ) : (
        <>
          <Tabs label={tabs.label} tabs={shown} />
          <Part />
        </>
      )}
    </>
  )
}
