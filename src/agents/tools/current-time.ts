import Type from 'typebox'
import { defineTool } from '../tool.ts'

export const currentTime = defineTool({
  name: 'current_time',
  description: 'Tells the current date and time. Use it whenever an answer depends on what day or time it is.',
  parameters: Type.Object({
    timeZone: Type.Optional(Type.String({ description: 'IANA name, as Europe/Berlin; default UTC' }))
  }),
  execute({ timeZone = 'UTC' }) {
    const now = new Date()
    const local = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'long', timeZone }).format(now)
    return { iso: now.toISOString(), local, timeZone }
  }
})
