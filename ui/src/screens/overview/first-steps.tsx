/** A gateway that has nothing to do yet: the ways to begin. */
import { CopyButton } from '../../parts/copy-button.tsx'
import { Link } from '../../shell/link.tsx'
import { useMay } from '../../shell/permissions.ts'
import { overviewStrings } from '../../strings/overview.ts'

const strings = overviewStrings.first

export function FirstSteps() {
  const mayAdd = useMay('config.write')
  return (
    <section className="panel first-steps" aria-labelledby="first-steps" data-testid="first-steps">
      <h2 id="first-steps">{strings.title}</h2>
      <p>{strings.text}</p>
      <ul>
        {mayAdd && (
          <li>
            <Link href="/add-device">{strings.add}</Link>
            <p className="quiet">{strings.addWhy}</p>
          </li>
        )}
        <li>
          <strong>{strings.demo}</strong>
          <p className="quiet">{strings.demoWhy}</p>
          <p className="bar">
            <code>{strings.demoCommand}</code>
            <CopyButton text={strings.demoCommand} />
          </p>
        </li>
        {mayAdd && (
          <li>
            <Link href="/backup">{strings.restore}</Link>
            <p className="quiet">{strings.restoreWhy}</p>
          </li>
        )}
      </ul>
      <p className="quiet">{strings.byFile}</p>
    </section>
  )
}
