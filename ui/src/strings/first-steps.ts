/** Words of the first steps after the set-up. */
export const firstStepStrings = {
  title: 'First steps',
  signedIn: (name: string) => `You are signed in as ${name}.`,
  readsNothing: 'This gateway reads nothing yet: no device is configured.',
  add: {
    title: 'Add a device',
    text: 'Type an address, test the connection step by step, choose tags, see their values live; only then it is saved.',
    link: 'Add a device',
  },
  discover: {
    title: 'Look for devices',
    text: 'Only in networks that the configuration allows; with probes that read and never write.',
    link: 'Look for devices',
  },
  restore: {
    title: 'Restore a backup',
    text: 'The configuration of another gateway, or of this one before: you see what would change before it does.',
    link: 'Restore a backup',
  },
  demo: {
    title: 'Try it with a simulated plant',
    text: 'Beside this gateway, in a folder of its own that is deleted afterwards; nothing of it comes in here:',
    command: 'bifrost demo',
  },
  blank: {
    title: 'Start blank',
    text: 'Nothing else is needed: it stays as it is until you add something.',
    link: 'To the overview',
  },
  people: {
    title: 'Let others in',
    text: 'People with their roles, and tokens for programs.',
    link: 'People and tokens',
  },
} as const
