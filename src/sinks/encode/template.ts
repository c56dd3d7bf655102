/**
 * Texts with placeholders such as `{device}/{tag}`: parsed once, when the configuration is read, into literal pieces and names.
 * Only a word in braces is a placeholder, so JSON can stand around it: `{"value":{v}}`.
 */
import { GatewayError } from '../../core/errors.ts'

/** Literal text at even places, placeholder names at odd ones. */
export type Template = readonly string[]

/** Parses a template; a placeholder that is not in `names` is CONFIG_INVALID, with the names that exist. */
export function parseTemplate(text: string, names: readonly string[]): Template {
  const pieces = text.split(/\{([A-Za-z]+)\}/)
  for (let at = 1; at < pieces.length; at += 2) {
    if (names.includes(pieces[at]!)) continue
    const known = names.map((name) => `{${name}}`).join(', ')
    throw new GatewayError('CONFIG_INVALID', `"${text}": there is no placeholder {${pieces[at]}}; there are ${known}`)
  }
  return pieces
}

/** The text with each placeholder replaced by what `value` gives for its name. */
export function fillTemplate(template: Template, value: (name: string) => string): string {
  let text = template[0]!
  for (let at = 1; at < template.length; at += 2) text += value(template[at]!) + template[at + 1]!
  return text
}
