/** Signs out, and loads the page anew, so that nothing of what was seen stays in its memory. The address stays. */
import { signOut } from './calls.ts'

/** Throws when the gateway did not say that the session has ended. */
export async function leave(): Promise<void> {
  await signOut()
  window.location.reload()
}
