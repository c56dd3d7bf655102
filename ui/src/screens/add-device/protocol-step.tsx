/** Which protocol the device speaks: one click goes on. */
import { Link } from '../../shell/link.tsx'
import { useMay } from '../../shell/permissions.ts'
import { Panel } from '../../parts/panel.tsx'
import { addDeviceStrings } from '../../strings/add-device.ts'
import type { StepProps } from './index.tsx'
import type { DriverInfo } from './sketch.ts'

const strings = addDeviceStrings.protocol

export function ProtocolStep({ sketch, catalogue, change, go }: Omit<StepProps, 'driver'>) {
  const mayScan = useMay('scan')
  const choose = ({ name }: DriverInfo) => {
    change({ driver: name, name: sketch.name })
    go('connection')
  }
  return (
    <Panel title={strings.title}>
      <div className="drivers">
        {catalogue.drivers.map((driver) => (
          <button
            key={driver.name}
            type="button"
            className="card driver"
            aria-pressed={driver.name === sketch.driver}
            onClick={() => choose(driver)}
          >
            <strong>{driver.name}</strong>
            <span>{driver.summary}</span>
            <span className="quiet">{abilities(driver).join(' · ')}</span>
          </button>
        ))}
      </div>
      {mayScan && (
        <p>
          <Link href="/discovery">{strings.found}</Link>
        </p>
      )}
    </Panel>
  )
}

const abilities = ({ can }: DriverInfo): readonly string[] =>
  Object.entries(strings.can)
    .filter(([ability, words]) => words !== '' && can[ability as keyof typeof can])
    .map(([, words]) => words)
