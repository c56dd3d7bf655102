/** Passwords inside URLs must not reach logs, messages or screens, wherever a URL is shown. */

/**
 * From the colon after the user name to the last `@` of the word: a password may hold `@`, `/` and `:` when somebody forgot to
 * percent-encode it (RFC 3986, 3.2.1).
 */
const URL_PASSWORD = /([a-z][a-z0-9+.-]*:\/\/[^\s:/@"']*):[^\s"']*@/gi

/** A sentence with the passwords of its URLs replaced. */
export const hideUrlPasswords = (text: string, by = '***'): string =>
  text.includes('://') ? text.replace(URL_PASSWORD, `$1:${by}@`) : text
