/** A maintenance window in words: until when, whose, why, and what it means. */
import type { DeviceView } from '../api.ts'
import { formatMoment } from '../format.ts'
import { maintenanceWords } from '../strings/maintenance.ts'

type Window = Pick<NonNullable<DeviceView['maintenance']>, 'until' | 'by' | 'reason'>

export const maintenanceText = ({ until, by, reason }: Window): string =>
  maintenanceWords.text(formatMoment(Date.parse(until)), by, reason)
