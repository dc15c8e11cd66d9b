import type { FileHandle } from 'node:fs/promises'

/** What is known of a file without reading it. */
export interface MediaInfo {
  id: string
  /** As `image/png`. */
  contentType: string
  /** Milliseconds since the epoch. */
  savedAt: number
  /** Bytes. */
  size: number
}

/** A file that is open: whoever has it closes it. */
export interface OpenMedia extends MediaInfo {
  handle: FileHandle
}

/** An upload that is being written. Either `keep` or `drop` ends it. */
export interface Draft {
  write(chunk: Uint8Array): Promise<void>
  /** Makes it a file of the store, which it is after a crash too once this resolves. */
  keep(contentType: string): Promise<MediaInfo>
  /** Leaves nothing of it. */
  drop(): Promise<void>
}

/** Where the bytes of media are. It knows nothing of times to live, quotas and limits. */
export interface MediaStore {
  /** @returns undefined where there is no such file */
  open(id: string): Promise<OpenMedia | undefined>
  /** The same without the file; of one whose time was over it is still known for a while. */
  stat(id: string): Promise<(MediaInfo & { isGone: boolean }) | undefined>
  create(): Promise<Draft>
  /** @returns whether there was such a file */
  remove(id: string): Promise<boolean>
  /** Takes the bytes of a file away and still knows that it was there. @returns whether they were there */
  retire(id: string): Promise<boolean>
  /** All there are, in the order of the store; what is only known still is among them. */
  list(after?: string): AsyncIterable<MediaInfo & { isGone: boolean }>
  /** Takes away what a crash has left. Call it before the first `create`. */
  recover(): Promise<void>
}
