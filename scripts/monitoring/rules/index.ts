/** THE list of files of rules, in the order of reading. */
import type { AlertRule, RuleFile } from '../rule.ts'
import { apiRules } from './api.ts'
import { backupRules } from './backup.ts'
import { capacityRules } from './capacity.ts'
import { certificateRules } from './certificates.ts'
import { dataRules } from './data.ts'
import { deviceRules } from './devices.ts'
import { gatewayRules } from './gateway.ts'
import { logRules } from './log.ts'
import { maintenanceRules } from './maintenance.ts'
import { messageRules } from './messages.ts'
import { monitoringRules } from './monitoring.ts'
import { pollingRules } from './polling.ts'
import { processRules } from './process.ts'
import { securityRules } from './security.ts'
import { sinkRules } from './sinks.ts'
import { sloRules } from './slo.ts'

export const ruleFiles: readonly RuleFile[] = [
  gatewayRules,
  processRules,
  messageRules,
  deviceRules,
  pollingRules,
  dataRules,
  logRules,
  sinkRules,
  securityRules,
  certificateRules,
  apiRules,
  capacityRules,
  backupRules,
  sloRules,
  maintenanceRules,
  monitoringRules,
]

/** Every alert of every file. */
export const alertRules: readonly AlertRule[] = ruleFiles.flatMap((file) =>
  file.groups.flatMap((group) => group.alerts ?? []),
)
