import type { IncomingHttpHeaders } from 'node:http'

/** What a file is compared with: a strong entity tag, and seconds since the epoch as HTTP dates tell them. */
export interface Validators {
  etag: string
  modified: number
}

const seconds = (date: string) => Math.floor(Date.parse(date) / 1000)

/** Whether a list of entity tags names this one; a weak one only where that is enough. */
function names(list: string, etag: string, weak: boolean): boolean {
  if (list.trim() === '*') return true
  return list.split(',').some((tag) => {
    const one = tag.trim()
    return one === etag || (weak && one === `W/${etag}`)
  })
}

/** The status that preconditions come to; undefined: go on (RFC 9110, section 13.2.2). */
export function precondition(headers: IncomingHttpHeaders, { etag, modified }: Validators): 304 | 412 | undefined {
  const { 'if-match': match, 'if-unmodified-since': unmodified } = headers
  if (match !== undefined && !names(match, etag, false)) return 412
  if (match === undefined && unmodified !== undefined && modified > seconds(unmodified)) return 412
  const { 'if-none-match': noneMatch, 'if-modified-since': since } = headers
  if (noneMatch !== undefined) return names(noneMatch, etag, true) ? 304 : undefined
  return since !== undefined && modified <= seconds(since) ? 304 : undefined
}

/** The first and the last byte. */
export interface Range {
  start: number
  end: number
}

/**
 * The part of a file that is asked for. Several ranges, and what is no range of bytes, are answered with all of it, as
 * RFC 9110, section 14.2, allows.
 * @returns undefined for all of it; `none` where no byte of the range is in it
 */
export function rangeOf(
  headers: IncomingHttpHeaders,
  size: number,
  validators: Validators
): Range | 'none' | undefined {
  const { range, 'if-range': ifRange } = headers
  if (range === undefined || (ifRange !== undefined && !isFresh(String(ifRange), validators))) return undefined
  const [, from = '', to = ''] = /^bytes=\s*(\d{0,16})-(\d{0,16})\s*$/i.exec(range) ?? []
  if (from === '' && to === '') return undefined
  if (from === '')
    return Number(to) === 0 || size === 0 ? 'none' : { start: Math.max(0, size - Number(to)), end: size - 1 }
  const start = Number(from)
  const end = to === '' ? size - 1 : Math.min(Number(to), size - 1)
  if (to !== '' && Number(to) < start) return undefined
  return start >= size ? 'none' : { start, end }
}

/** Only a strong match, or the very date, will do (RFC 9110, section 13.1.5). */
const isFresh = (ifRange: string, { etag, modified }: Validators) =>
  ifRange.includes('"') ? ifRange.trim() === etag : seconds(ifRange) === modified
