/** Gives the user a file. */
export function download(name: string, content: BlobPart, type?: string): void {
  const url = URL.createObjectURL(new Blob([content], { type }))
  const link = Object.assign(document.createElement('a'), { href: url, download: name })
  link.click()
  // The click has only asked for it.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
