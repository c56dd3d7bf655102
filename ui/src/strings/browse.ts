/** Words of looking into a device that is configured. */
export const browseStrings = {
  title: 'Browse a device',
  which: 'Which device?',
  choose: '(choose a device)',
  neither: (driver: string) =>
    `A device of the driver ${driver} shows neither its tags nor its registers. Add tags by their addresses.`,
  toTags: 'To its tags',
  byHand: 'By hand',
  chosen: 'Chosen tags',
  save: (count: string, name: string) => `Add ${count} to ${name} …`,
  saveTitle: (name: string) => `Add tags to ${name}?`,
  saveLabel: (count: string, name: string) => `Add ${count} to ${name}`,
  tags: (count: number) => (count === 1 ? '1 tag' : `${count} tags`),
  saved: (count: string, name: string) => `${count} were added to ${name}, and are read.`,
  leave: 'Chosen tags are not saved yet.',
  tooMany: (most: number) => `At most ${most} at once: the list of tags takes more, from a file.`,
} as const
