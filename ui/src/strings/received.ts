/** Words of the gateways that send their log to this one. */
export const receivedStrings = {
  title: 'Gateways that send here',
  failed: 'The gateway did not say which others send to it.',
  here: 'connected',
  away: 'away',
  since: (text: string) => `for ${text}`,
  whyAway: 'Its own page says why: look at its sinks there.',
  samples: (count: string) => `${count} samples since the start`,
  none: 'nothing came since the start',
  rejected: (count: string) => `${count} not taken: they are dead letters there, with the reason`,
} as const
