/** The nonce that style elements made by the page must carry, so that the browser takes them and no others (Content Security Policy 3). */

/** Empty where the server gave none. */
export const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? ''

// A dialog holds the page behind it still by a style element of its own; its library looks for the nonce here.
Object.assign(globalThis, { __webpack_nonce__: nonce })
