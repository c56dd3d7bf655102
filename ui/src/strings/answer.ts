/** Words of answers whose form is the driver's own. */
export const answerStrings = {
  nothing: 'Nothing.',
  yes: 'yes',
  no: 'no',
  none: '–',
  more: (count: string) => `${count} more are in the download`,
  download: 'Download as JSON',
  rows: (name: string) => `Rows of ${name}`,
} as const
