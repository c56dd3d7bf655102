/** What is wrong with a name of a device, sink or tag, or undefined. Any script is fine; a device's has no slash. */
export function nameFault(name: string, of: 'device' | 'sink' | 'tag' | 'parameter set'): string | undefined {
  if (name.trim() === '') return `a ${of} needs a name`
  if (name.trim() !== name) return 'a name has no blanks at its ends'
  if (name.length > 256) return 'a name has at most 256 characters'
  if (/\p{Cc}/u.test(name)) return 'a name has no control characters'
  return of !== 'tag' && name.includes('/')
    ? `the name of a ${of} has no slash: ${of === 'parameter set' ? 'device/set/parameter' : 'device/tag'} is how values are named`
    : undefined
}
