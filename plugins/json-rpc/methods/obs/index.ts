import { billing } from './billing/index.ts'
import { diagnostics } from './diagnostics.ts'
import { reset } from './reset.ts'

export const obs = [...billing, diagnostics, reset]
