/** Service reports that are made by a schedule, as the configuration says them. Paths are absolute. */
export interface ReportSchedule {
  readonly name: string
  /** When, as a cron pattern; the report is of the time since the occasion before. */
  readonly at: string
  readonly timeZone: string
  readonly formats: readonly ('md' | 'html')[]
  /** How many of it are kept. */
  readonly keep: number
}

export interface ReportsConfig {
  /** Base address of the Prometheus server. */
  readonly prometheus: string
  readonly job: string
  readonly folder: string
  readonly schedules: readonly ReportSchedule[]
}
