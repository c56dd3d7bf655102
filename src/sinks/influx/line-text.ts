/**
 * Escaping of InfluxDB line protocol. In a measurement comma and space are escaped; in tag keys, tag values and field keys the
 * equals sign too; in a string field the double quote and the backslash, while line breaks stand as they are. A name cannot hold
 * a line break, nor a backslash before something that is escaped or at its end, where it would be read as an escape itself: a
 * line break becomes a space, such a backslash `_`.
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
