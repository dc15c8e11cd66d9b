import { agent } from './agent/index.ts'
import { agents } from './agents/index.ts'
import { channels } from './channels/index.ts'
import { config } from './config/index.ts'
import { delivery } from './delivery/index.ts'
import { events } from './events/index.ts'
import { gateway } from './gateway/index.ts'
import { memory } from './memory/index.ts'
import { models } from './models/index.ts'
import { obs } from './obs/index.ts'
import { rpc } from './rpc/index.ts'
import { session } from './session/index.ts'
import { system } from './system/index.ts'
import { tokens } from './tokens/index.ts'
import { turn } from './turn/index.ts'
import { webhooks } from './webhooks/index.ts'

/** The methods of the gateway, a folder a namespace. `rpc.discover` is not among them: it needs to know them all. */
export const METHODS = [
  agent,
  agents,
  channels,
  config,
  delivery,
  events,
  gateway,
  memory,
  models,
  obs,
  rpc,
  session,
  system,
  tokens,
  turn,
  webhooks
].flat()
