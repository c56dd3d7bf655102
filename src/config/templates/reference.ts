/**
 * `${param:name}` in a template. While a file is read each becomes a mark that no text of a person or of the environment can
 * hold by accident (NUL stands in neither); when a device is expanded its marks become the values of its parameters.
 */
const MARK = /\0\{([A-Za-z][\w-]*)\}\0/g

/** What stands for `${param:name}` once a file is read. */
export const markParameter = (name: string): string => `\0{${name}}\0`

/** The names of the parameters that a text refers to, each once. */
export const parametersIn = (text: string): string[] =>
  text.includes('\0') ? [...new Set([...text.matchAll(MARK)].map((match) => match[1]!))] : []

/** The one parameter that is the whole text, or undefined. */
export function wholeParameter(text: string): string | undefined {
  const [name] = parametersIn(text)
  return name !== undefined && text === markParameter(name) ? name : undefined
}

/** The text with `value(name)` in the place of each mark; `plain` is applied to what stands between them. */
export function fillIn(text: string, value: (name: string) => string, plain = (part: string): string => part): string {
  return text
    .split(MARK)
    .map((part, at) => (at % 2 === 1 ? value(part) : plain(part)))
    .join('')
}
