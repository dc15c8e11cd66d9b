/** The body of a chat completion request that streams, whose one message has this many words. */
export function question(model: string, words: number): string {
  const content = Array.from({ length: words }, (_, index) => `token${index}`).join(' ')
  return JSON.stringify({ model, stream: true, messages: [{ role: 'user', content }] })
}
