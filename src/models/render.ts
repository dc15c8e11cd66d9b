import { type Message, textOf } from './message.ts'

/** Characters of what a tool was given or gave. */
const MOST_OF_TOOL = 1000

/** A message written down for a model to read about. */
export function renderMessage(message: Message): string {
  switch (message.role) {
    case 'user':
      return `User: ${textOf(message)}${message.content.map(mention).join('')}\n\n`
    case 'assistant':
      return `Assistant: ${textOf(message)}${message.content.map(mention).join('')}\n\n`
    case 'tool':
      return message.content
        .map(({ name, output }) => `Tool ${name} gave: ${clip(JSON.stringify(output))}\n\n`)
        .join('')
    case 'system':
      return ''
  }
}

const clip = (text: string) => (text.length > MOST_OF_TOOL ? `${text.slice(0, MOST_OF_TOOL)} […]` : text)

/** What a message holds beside text. */
function mention(part: Exclude<Message['content'], string>[number]): string {
  if (part.type === 'file') return ` [file ${part.filename ?? part.mediaType}]`
  if (part.type === 'tool_call') return ` [calls ${part.name}(${clip(part.arguments)})]`
  return ''
}
