/**
 * Switches of the environment that would turn off the checks of every connection at once. There are none here: who must go without says so
 * for one device or sink (`insecure: true`), and it is seen.
 */

/** Takes them out of `env` before any connection is made; the sentences for people. */
export function dropGlobalSwitches(env: NodeJS.ProcessEnv): string[] {
  if (env.NODE_TLS_REJECT_UNAUTHORIZED !== '0') return []
  delete env.NODE_TLS_REJECT_UNAUTHORIZED
  return [
    'NODE_TLS_REJECT_UNAUTHORIZED=0 is not followed: certificates are checked all the same. Name the authority as `ca` of the device or sink; for first trials one of them may have `insecure: true`.',
  ]
}
