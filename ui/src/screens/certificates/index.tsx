/** Certificates: whom we trust and who waits for it, our own, persons, and those of TLS; what expires stands out. */
import { Tabs, useTab } from '../../parts/tabs.tsx'
import { certificateStrings as strings } from '../../strings/certificates.ts'
import './certificates.css'
import OwnTab from './own-tab.tsx'
import TlsTab from './tls-tab.tsx'
import { TrustTab } from './trust-tab.tsx'

const { tabs: titles } = strings
const TABS = (['trust', 'own', 'persons', 'tls'] as const).map((id) => ({ id, title: titles[id] }))

export default function Certificates() {
  const tab = useTab(TABS)
  return (
    <>
      <h1 className="screen-title">{strings.title}</h1>
      <Tabs label={titles.label} tabs={TABS} />
      {tab === 'trust' && <TrustTab holders="applications" />}
      {tab === 'persons' && <TrustTab holders="persons" />}
      {tab === 'own' && <OwnTab />}
      {tab === 'tls' && <TlsTab />}
    </>
  )
}
