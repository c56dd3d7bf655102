/** Inputs that several tools have. */
import { z } from 'zod'

export const START = z
  .string()
  .min(1)
  .max(5000)
  .optional()
  .describe('Where to begin: nsu=URI;s=name, ns=2;i=5, /2:Plant/Line1; the Objects folder where absent')

export const SERVER = z
  .boolean()
  .default(false)
  .describe('What is below the Server object too: its diagnostics, left out otherwise')

export const depth = (fallback: number) =>
  z.int().min(1).max(64).default(fallback).describe('How many levels below the start')

/** Nodes of one answer. */
export const most = (fallback: number) =>
  z.int().min(1).max(100_000).default(fallback).describe('No more nodes than these')
