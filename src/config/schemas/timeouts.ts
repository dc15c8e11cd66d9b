import Type from 'typebox'
import { atRestart, closed } from './marks.ts'

const LONGEST_MS = 3_600_000

/** How long a client may take over what it sends. */
export const Timeouts = Type.Object(
  {
    headersMs: Type.Integer({
      minimum: 100,
      maximum: LONGEST_MS,
      default: 15_000,
      ...atRestart,
      description: 'until all headers of a request are there; 408 after it. In a host application its server’s counts'
    }),
    bodyMs: Type.Integer({
      minimum: 100,
      maximum: LONGEST_MS,
      default: 60_000,
      ...atRestart,
      description: 'until its body is there; the connection is cut off after it. An upload has to go on for as long'
    }),
    keepAliveMs: Type.Integer({
      minimum: 100,
      maximum: LONGEST_MS,
      default: 75_000,
      ...atRestart,
      description: 'an idle connection is closed after it. In a host application its server’s counts'
    })
  },
  { ...closed, default: {}, description: 'bounds for slow clients' }
)
