/** THE REGISTRY of importers: one line a kind. */
import type { Importer } from './importer.ts'
import { kepware } from './kepware.ts'
import { neuron } from './neuron.ts'
import { nodeRed } from './node-red.ts'
import { telegraf } from './telegraf.ts'
import { thingsboard } from './thingsboard.ts'

export const importers: readonly Importer[] = [kepware, telegraf, neuron, thingsboard, nodeRed]

export const importerByName = (name: string): Importer | undefined => importers.find((one) => one.name === name)
