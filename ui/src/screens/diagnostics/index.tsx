/** Diagnostics: polls as a heat map, lines and who uses them, the gateway as a program, and the support bundle. */
import { Tabs, useTab } from '../../parts/tabs.tsx'
import { diagnosticStrings as strings } from '../../strings/diagnostics.ts'
import BundleTab from './bundle-tab.tsx'
import './diagnostics.css'
import GatewayTab from './gateway-tab.tsx'
import LinesTab from './lines-tab.tsx'
import PollsTab from './polls-tab.tsx'

const PARTS = { polls: PollsTab, lines: LinesTab, gateway: GatewayTab, bundle: BundleTab } as const
const TABS = (Object.keys(PARTS) as (keyof typeof PARTS)[]).map((id) => ({ id, title: strings.tabs[id] }))

export default function Diagnostics() {
  const tab = useTab(TABS) as keyof typeof PARTS
  const Part = PARTS[tab]
  return (
    <>
      <h1 className="screen-title">{strings.title}</h1>
      <Tabs label={strings.tabs.label} tabs={TABS} />
      <Part />
    </>
  )
}
