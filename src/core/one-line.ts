/**
 * What a device says of itself, as part of a line: it may not begin a line of its own in a configuration, nor move the cursor of a
 * terminal or colour it.
 */

/** The text with control characters, and what turns or breaks lines in Unicode, in the notation of JSON: `\u001b`. */
export const oneLine = (text: string): string =>
  text.replace(
    /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
