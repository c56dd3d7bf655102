/** What people search for: a text that is somewhere within, whatever the case of its letters, or a regular expression: `/level \d/i`. */
import { createContext, Script } from 'node:vm'
import { GatewayError } from '../../../core/errors.ts'

/** An expression that needs longer for a few hundred names is given up: some take for ever. */
const LIMIT_MS = 500
const MOST_CHARACTERS = 500

/** Whether each of these fits. */
export type Matcher = (texts: readonly string[]) => readonly boolean[]

/** Throws INVALID_REQUEST for what is no expression; the matcher does for one that takes too long. */
export function parsePattern(text: string): Matcher {
  const [, source, flags] = /^\/(.+)\/([iu]*)$/s.exec(text) ?? []
  if (source === undefined) {
    const wanted = text.toLowerCase()
    return (texts) => texts.map((one) => one.toLowerCase().includes(wanted))
  }
  if (source.length > MOST_CHARACTERS) throw invalid(text, `it has more than ${MOST_CHARACTERS} characters`)
  const context = createContext({ expression: compile(text, source, flags!), texts: [] as readonly string[], fits: [] })
  const script = new Script('fits = texts.map((text) => expression.test(text))')
  return (texts) => {
    context.texts = texts
    try {
      script.runInContext(context, { timeout: LIMIT_MS })
    } catch {
      throw invalid(text, `it takes too long: write it so that it does not try the same again and again`)
    }
    return [...(context.fits as boolean[])]
  }
}

function compile(text: string, source: string, flags: string): RegExp {
  try {
    return new RegExp(source, flags)
  } catch (error) {
    throw invalid(text, (error as Error).message)
  }
}

const invalid = (text: string, why: string): GatewayError =>
  new GatewayError('INVALID_REQUEST', `${text.slice(0, 80)} cannot be searched for: ${why}`)
