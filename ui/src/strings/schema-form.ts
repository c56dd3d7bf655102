/** Words of forms that are made of a schema; the names and descriptions of fields come with it. */
export const schemaFormStrings = {
  more: (count: number) => `More options (${count})`,
  given: (count: number) => `${count} given`,
  notGiven: '(not given)',
  byDefault: (value: string) => `(${value})`,
  origin: (place: string) => `from ${place}`,
  reference: '${secret:name}',
  tried: (name: string) => `${name}, to try it`,
  triedHelp: 'Sent to the device by the test and the preview alone; it is not saved.',
  saved: (name: string) => `${name}, as it is saved`,
  savedHelp: 'Where the gateway finds it: ${secret:name} or ${ENVIRONMENT_VARIABLE}.',
} as const
