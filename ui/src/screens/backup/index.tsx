/** The settings of the gateway as one file, and back from it. */
import { useMay } from '../../shell/permissions.ts'
import { backupStrings as strings } from '../../strings/backup.ts'
import './backup.css'
import { MakeBackup } from './make-backup.tsx'
import { RestoreBackup } from './restore-backup.tsx'

export default function Backup() {
  const may = useMay('config.write')
  return (
    <>
      <h1 className="screen-title">{strings.title}</h1>
      <MakeBackup />
      {may && <RestoreBackup />}
    </>
  )
}
