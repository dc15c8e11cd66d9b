import type { ChatCompletionBody } from './schema.ts'

/** Whether a request comes with functions, as before there were tools: its call leaves as `function_call` then. */
export const usesFunctions = ({ functions, tools }: ChatCompletionBody): boolean => Boolean(functions) && !tools

/** A request with functions as one with tools. They are called one at a time: their form holds no more. */
export function withTools(body: ChatCompletionBody): ChatCompletionBody {
  if (!usesFunctions(body)) return body
  const { functions, function_call: choice, ...rest } = body
  return {
    ...rest,
    tools: functions?.map((called) => ({ type: 'function', function: called })),
    tool_choice: choice && typeof choice === 'object' ? { type: 'function', function: choice } : choice,
    parallel_tool_calls: false
  }
}
