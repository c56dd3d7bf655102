/** How a maintenance window is said, wherever it stands. */
export const maintenanceWords = {
  badge: 'maintenance',
  text: (until: string, by: string, reason: string) =>
    `In maintenance until ${until}, by ${by}: ${reason}. Nobody is woken by its alerts.`,
  whole: 'The whole gateway',
  area: (area: string) => `Area ${area}`,
  more: (names: string, count: string) => `${names} and ${count} more`,
} as const
