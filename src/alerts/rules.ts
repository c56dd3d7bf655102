/**
 * THE list of local alerts. Each has the name, severity and `for` of a rule in deploy/monitoring/rules, so that one runbook serves both; a test
 * holds them together.
 */
import type { Rule } from './rule.ts'
import { dataRules } from './rules/data.ts'
import { deviceRules } from './rules/devices.ts'
import { gatewayRules } from './rules/gateway.ts'

export const RULES: readonly Rule[] = [...gatewayRules, ...dataRules, ...deviceRules]
