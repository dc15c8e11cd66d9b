/** The body of a chat completion request, whose one message has this many words. */
export function question(model: string, words: number, stream = true): string {
  const content = Array.from({ length: words }, (_, index) => `token${index}`).join(' ')
  return JSON.stringify({ model, stream, messages: [{ role: 'user', content }] })
}
