/** Lets the event loop run: long work in the background is done in steps of a few milliseconds with this between them. */
export const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
