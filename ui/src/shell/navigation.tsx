/** The way to every screen that whoever looks may see; on a phone behind a button. */
import { UnstyledButton } from '@mantine/core'
import { useRef } from 'react'
import { useLive } from '../live/context.ts'
import { StateMark } from '../status-mark.tsx'
import { shellStrings as strings } from '../strings/shell.ts'
import { Link } from './link.tsx'
import { usePermissions } from './permissions.ts'
import { SCREENS } from './screens.ts'

const MENU_ID = 'screens-menu'
const GROUPS = Object.keys(strings.groups) as (keyof typeof strings.groups)[]

export function Navigation({ present }: { present: string | undefined }) {
  const menu = useRef<HTMLElement>(null)
  const title = SCREENS.find(({ path }) => path === present)?.title ?? strings.menu
  return (
    <>
      <UnstyledButton className="nav-button" popoverTarget={MENU_ID}>
        <span aria-hidden="true">☰</span> {title}
        <span className="sr-only"> {strings.menu}</span>
      </UnstyledButton>
      <nav className="nav" aria-label={strings.navigation}>
        <Entries present={present} />
      </nav>
      <nav ref={menu} id={MENU_ID} popover="auto" className="nav-menu panel" aria-label={strings.navigation}>
        <Entries present={present} onFollow={() => menu.current?.hidePopover()} />
      </nav>
    </>
  )
}

function Entries({ present, onFollow }: { present: string | undefined; onFollow?: () => void }) {
  const permissions = usePermissions()
  const failed = useLive(({ devices }) => devices.some(({ state }) => state === 'Failed'))
  return GROUPS.map((group) => {
    const screens = SCREENS.filter(
      (screen) =>
        screen.group === group && (screen.permission === undefined || permissions.includes(screen.permission)),
    )
    if (screens.length === 0) return null
    return (
      <section key={group} aria-labelledby={`nav-${group}`}>
        <h2 id={onFollow === undefined ? `nav-${group}` : undefined} className="nav-group">
          {strings.groups[group]}
        </h2>
        <ul>
          {screens.map(({ path, title }) => (
            <li key={path}>
              <Link
                className="nav-link"
                href={path}
                aria-current={path === present ? 'page' : undefined}
                onClick={onFollow}
              >
                {title}
                {path === '/devices' && failed && <StateMark state="Failed" />}
              </Link>
            </li>
          ))}
        </ul>
      </section>
    )
  })
}
