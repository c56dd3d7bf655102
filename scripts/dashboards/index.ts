/** THE list of the dashboards, and the files that they become. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { data } from './data.ts'
import { devices } from './devices.ts'
import { fleet } from './fleet.ts'
import { overview } from './overview.ts'
import { security } from './security.ts'
import { sinks } from './sinks.ts'
import { slo } from './slo.ts'

export const DASHBOARDS: readonly Dashboard[] = [overview, devices, data, sinks, slo, security, fleet]

/** The committed files by their path below the repository. */
export function dashboardFiles(): Record<string, string> {
  return Object.fromEntries(
    DASHBOARDS.map((page) => [
      `deploy/monitoring/grafana/dashboards/${page.uid!}.json`,
      `${JSON.stringify(page, null, 2)}\n`,
    ]),
  )
}
