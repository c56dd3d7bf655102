/**
 * Puts the modules beside this one in the place of those that count, for this process: the product has no switch for it, and needs none.
 * To be imported before anything of the product.
 */
import { registerHooks } from 'node:module'

const HERE = new URL('.', import.meta.url).href
const SWITCHED = ['core/histogram', 'polling/wire-figures', 'polling/wire-meter', 'polling/rows']

registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context)
    const module = SWITCHED.find((one) => resolved.url.endsWith(`/src/${one}.ts`))
    // Those beside this one get the real one.
    if (module === undefined || context.parentURL?.startsWith(HERE) === true) return resolved
    return { ...resolved, url: `${HERE}${module.split('/')[1]}.ts` }
  },
})
