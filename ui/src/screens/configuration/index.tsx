/** The configuration: what runs, its files, what differs, and every version that was in use. */
import { Tabs, useTab } from '../../parts/tabs.tsx'
import { configurationStrings as strings } from '../../strings/configuration.ts'
import './configuration.css'
import { Files } from './files.tsx'
import { History } from './history.tsx'
import { Pending } from './pending.tsx'
import { Status } from './status.tsx'

const TABS = [
  { id: 'status', title: strings.tabs.status },
  { id: 'files', title: strings.tabs.files },
  { id: 'pending', title: strings.tabs.pending },
  { id: 'history', title: strings.tabs.history },
]
const PARTS: Readonly<Record<string, () => React.ReactNode>> = { status: Status, files: Files, pending: Pending, history: History } // prettier-ignore

export default function Configuration() {
  const Part = PARTS[useTab(TABS)]!
  return (
    <>
      <h1 className="screen-title">{strings.title}</h1>
      <Tabs label={strings.parts} tabs={TABS} />
      <Part />
    </>
  )
}
