/** Words of set-up, sign-in and the account. */
export const accessStrings = {
  open: 'Nobody is asked who they are (http.access: open): every program on this machine may do everything.',
  signIn: 'Sign in',
  signOut: 'Sign out',
  name: 'Name',
  password: 'Password',
  provider: (host: string) => `Sign in with ${host}`,
  ended: 'Your session has ended. Sign in again, and the page goes on where it was.',
  isSetUp: 'This gateway is set up already, so the one-time link does nothing any more. Sign in.',
  busy: 'Asking the gateway …',
  wait: (label: string, left: string) => `${label} (in ${left})`,
  paused: (why: string, time: string) => `${why} That is at ${time}.`,
  unheard: 'The gateway did not answer. Is it running? Try again.',
  setUp: 'Set up this gateway',
  setUpWhy:
    'It has no administrator yet. It reads and delivers as configured; nobody can look in or change anything before this is done.',
  token: 'One-time token',
  tokenFrom:
    'At the end of the link that the gateway printed on its console when it started, such as 7K2QX-09DVM-C4TFH-8WZ1B. A restart prints a new one.',
  makeAdmin: 'Make me the administrator',
  newPassword: 'New password',
  passwordRule: 'At least 12 characters; a few words with blanks between them are good.',
  again: 'New password again',
  differs: 'The two are not the same.',
  show: 'Show what I type',
  oldPassword: 'Present password',
  changePassword: 'Change password',
  passwordChanged: 'Your password is changed. All your other sessions have ended.',
  signedInAs: (name: string, roles: string) =>
    roles === '' ? `Signed in as ${name}` : `Signed in as ${name} (${roles})`,
  until: (time: string) => `Until ${time} at the latest`,
  noView: 'Nothing to see for you here',
  noViewWhy: (name: string) =>
    `You are signed in as ${name}, without the permission to see values (view). Ask an administrator of this gateway for a role that has it.`,
} as const
