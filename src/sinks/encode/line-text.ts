/**
 * Escaping of InfluxDB line protocol, for whoever writes it. In a measurement comma and space are escaped; in tag keys, tag values and
 * field keys the equals sign too; in a string field the double quote and the backslash, while line breaks stand as they are.
 *
 * A backslash has no escape of its own in a name: InfluxDB 1's parser skips two characters at each one, and afterwards undoes only
 * `\,` `\=` and `\ `. So a backslash at the end of a name, or before one of these, would take the separator into the name or break
 * the line: it becomes `_`. Any other backslash stands as it is. A line break, which a name cannot hold, becomes a space.
 */

/** A measurement; never empty, and never a comment (`#` at the beginning of a line). */
export const measurementText = (text: string): string => clean(text).replace(/^#/, '_').replace(/[, ]/g, '\\$&') || '_'

/** A tag key, a tag value or a field key; empty stays empty. */
export const keyText = (text: string): string => clean(text).replace(/[,= ]/g, '\\$&')

/** The value of a string field, in its quotes. */
export const stringText = (text: string): string => `"${text.toWellFormed().replace(/[\\"]/g, '\\$&')}"`

const clean = (text: string): string =>
  text
    .toWellFormed()
    .replace(/[\r\n]/g, ' ')
    .replace(/\\(?=[,= ]|$)/g, '_')
