/** What one event of a stream says. Every field is optional but there has to be one. */
export interface Frame {
  event?: string
  id?: string
  /** One line; JSON text always is. */
  data: string
}

/** An event as it goes over the wire (WHATWG HTML, 9.2.5), with LF line ends. */
export function frame({ event, id, data }: Frame): string {
  return `${id === undefined ? '' : `id: ${id}\n`}${event === undefined ? '' : `event: ${event}\n`}data: ${data}\n\n`
}
