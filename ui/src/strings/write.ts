/** Words of a write: what is asked before, and what came of it. */
import { partStrings } from './parts.ts'

export const writeStrings = {
  title: (name: string) => `Write to ${name}`,
  device: 'Device',
  tag: 'Tag',
  now: 'Now',
  next: 'New',
  range: 'Allowed',
  rangeOf: (low: string, high: string) => `${low} to ${high}`,
  noRange: 'no range configured',
  newValue: 'New value',
  reason: partStrings.reason,
  effect: (value: string, name: string) => `Write ${value} to ${name}`,
  incomplete: 'Type the new value first',
  busy: 'Writing …',
  cancel: 'Cancel',
  close: 'Close',
  notNumber: 'Type a number, with a point as the decimal mark.',
  notWhole: 'This tag takes whole numbers only.',
  outside: (low: string, high: string) => `Allowed is ${low} to ${high}.`,
  done: (value: string, ms: string) => `Written and read back: the device now says ${value} (${ms} ms).`,
  differs: (value: string) =>
    `Written, but the device reads back ${value}. It may still be moving, or it changed the value.`,
  unread: (status: string) => `Written, but it could not be read back: ${status}.`,
  refused: (status: string) => `Not written: ${status}.`,
  failed: (why: string) => `Not written: ${why}`,
  unknown:
    'The gateway did not answer, so it is not known whether this was written. Wait until the page is live again and look at the value before you try again.',
  details: 'Details',
  detailCode: 'Problem',
  detailStatus: 'The device said',
  detailReadBack: 'Read back',
  critical: 'This tag is critical: a reason and the name of its device are asked for.',
  approval: 'A second person has to approve it: nothing is written before that.',
  interlock: (condition: string) => `Interlock: it may be written only while ${condition}`,
  step: (size: string) => `One write may change it by ${size} at most.`,
  ask: (value: string, key: string) => `Ask for ${value} to be written to ${key}`,
  choice: (value: string, name: string) => `${name} (${value})`,
  waits: (until: string) =>
    `It is not written yet: it waits for a second person, who has the permission approve and is not you. It stands above the table; without an answer it expires at ${until}.`,
} as const
