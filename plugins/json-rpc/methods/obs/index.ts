import { billing } from './billing/index.ts'
import { delivery } from './delivery/index.ts'
import { diagnostics } from './diagnostics.ts'
import { reset } from './reset.ts'

export const obs = [...billing, ...delivery, diagnostics, reset]
