/** What is asked of a server by `/_emit?count=&burst=`: so many events, so many at a time. */
export interface Order {
  count: number
  burst: number
}

export function readOrder(path: string): Order {
  const { searchParams } = new URL(path, 'http://localhost')
  return { count: Number(searchParams.get('count')), burst: Number(searchParams.get('burst')) }
}

/** The payload of an event, of about 150 bytes. */
export const eventPayload = (n: number) => ({
  action: 'benchmark.event',
  outcome: 'success',
  subject: `number ${n} of a benchmark that tells many readers of it`,
  reason: 'measured',
  agentId: 'default'
})
