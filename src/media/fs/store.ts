import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, lstat, mkdir, open, opendir, readdir, rename, rm, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Draft, MediaInfo, MediaStore, OpenMedia } from '../store.ts'
import { typeOfName } from '../types.ts'
import { readSidecar, type Sidecar } from './sidecar.ts'

/** Ids that are made here; files of others, as the Comis gateway keeps them, lie in the root itself. */
const OWN = /^[0-9a-f]{32}$/
const SHARD = /^[0-9a-f]{2}$/
const DRAFTS = '.drafts'
/** What a link points to is not in the store; a pipe would keep the opening waiting. */
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
const MISSING = new Set(['ENOENT', 'ELOOP', 'ENOTDIR', 'ENXIO', 'ENAMETOOLONG', 'EMLINK'])
/** For how long a folder counts as one: asking each time costs a small file a good part of its time. */
const SEEN_MS = 1000
/** Sidecars that are remembered: asking the disk for each costs more than a small file. */
const MOST_KNOWN = 10_000

/**
 * Media in a folder: `<root>/<first two of the id>/<id>` and beside it `<id>.meta`. The sidecar is put there first, so that
 * the renaming of the file is the moment from which it exists.
 */
export async function openFolder(root: string): Promise<MediaStore> {
  await mkdir(join(root, DRAFTS), { recursive: true, mode: 0o700 })
  const known = new Map<string, Sidecar>()
  const seen = new Map<string, number>()

  const folderOf = (id: string) => (OWN.test(id) ? join(root, id.slice(0, 2)) : root)
  const pathOf = (id: string) => join(folderOf(id), id)

  /** A folder that someone replaced by a link is none of ours, from a second later on. */
  async function isInside(id: string): Promise<boolean> {
    if (!OWN.test(id)) return !id.endsWith('.meta')
    const folder = folderOf(id)
    if (Date.now() - (seen.get(folder) ?? 0) < SEEN_MS) return true
    const isFolder = (await ifThere(lstat(folder)))?.isDirectory() ?? false
    if (isFolder) seen.set(folder, Date.now())
    return isFolder
  }

  async function rememberedSidecar(id: string): Promise<Sidecar | undefined> {
    const found = known.get(id) ?? (await readSidecar(`${pathOf(id)}.meta`))
    if (!found || !OWN.test(id)) return found
    if (known.size >= MOST_KNOWN) known.delete(known.keys().next().value ?? '')
    known.set(id, found)
    return found
  }

  async function openFile(id: string): Promise<OpenMedia | undefined> {
    if (!(await isInside(id))) return undefined
    const handle = await ifThere(open(pathOf(id), READ))
    if (!handle) return undefined
    try {
      const stat = await handle.stat()
      if (stat.isFile()) {
        const { contentType = typeOfName(id), savedAt = stat.mtimeMs } = (await rememberedSidecar(id)) ?? {}
        return { id, contentType, savedAt: Math.floor(savedAt), size: stat.size, handle }
      }
    } catch (error) {
      await handle.close()
      throw error
    }
    await handle.close()
    return undefined
  }

  async function statFile(id: string): Promise<(MediaInfo & { isGone: boolean }) | undefined> {
    if (!(await isInside(id))) return undefined
    const [stat, sidecar] = await Promise.all([ifThere(lstat(pathOf(id))), readSidecar(`${pathOf(id)}.meta`)])
    if (stat && !stat.isFile()) return undefined
    if (stat) {
      const { contentType = typeOfName(id), savedAt = stat.mtimeMs } = sidecar ?? {}
      return { id, contentType, savedAt: Math.floor(savedAt), size: stat.size, isGone: false }
    }
    return sidecar && { id, size: sidecar.size ?? 0, ...pick(sidecar), isGone: true }
  }

  async function create(): Promise<Draft> {
    const id = randomBytes(16).toString('hex')
    const draft = join(root, DRAFTS, id)
    const handle = await open(draft, 'wx', 0o600)
    let size = 0
    async function drop(): Promise<void> {
      await handle.close()
      for (const path of [draft, `${draft}.meta`]) await rm(path, { force: true })
      if (await isInside(id)) for (const path of [pathOf(id), `${pathOf(id)}.meta`]) await rm(path, { force: true })
    }
    async function keep(contentType: string): Promise<MediaInfo> {
      const sidecar = { contentType, savedAt: Date.now(), size }
      const folder = folderOf(id)
      if ((await mkdir(folder, { recursive: true, mode: 0o700 })) !== undefined) await syncFolder(root)
      if (!(await isInside(id))) throw new Error('a folder of the media store is no folder')
      await handle.sync()
      await handle.close()
      await writeWhole(`${draft}.meta`, JSON.stringify(sidecar))
      await rename(`${draft}.meta`, `${pathOf(id)}.meta`)
      await syncFolder(folder)
      await rename(draft, pathOf(id))
      await syncFolder(folder)
      return { id, ...sidecar }
    }
    return {
      async write(chunk) {
        await writeAll(handle, chunk)
        size += chunk.length
      },
      keep,
      drop
    }
  }

  async function* list(after?: string): AsyncGenerator<MediaInfo & { isGone: boolean }> {
    const afterOwn = after !== undefined && OWN.test(after)
    if (!afterOwn) yield* listFolder(root, after)
    const names = (await readdir(root)).filter((name) => SHARD.test(name)).toSorted()
    for (const shard of names) {
      if (afterOwn && shard < after.slice(0, 2)) continue
      if ((await lstat(join(root, shard))).isDirectory())
        yield* listFolder(join(root, shard), afterOwn ? after : undefined)
    }
  }

  async function* listFolder(folder: string, after = ''): AsyncGenerator<MediaInfo & { isGone: boolean }> {
    const ids = new Set<string>()
    for await (const { name } of await opendir(folder)) {
      const id = name.replace(/\.meta$/, '')
      if (id > after && (folder === root) !== OWN.test(id) && !SHARD.test(id) && id !== DRAFTS) ids.add(id)
    }
    for (const id of [...ids].toSorted()) {
      const found = await statFile(id)
      if (found) yield found
    }
  }

  async function removeFile(id: string): Promise<boolean> {
    if (!(await statFile(id))) return false
    known.delete(id)
    // The file first: what is left by a crash in between is a sidecar, which the next start takes away.
    const was = await ifThere(unlink(pathOf(id)).then(() => true))
    await ifThere(unlink(`${pathOf(id)}.meta`))
    await syncFolder(folderOf(id))
    return was ?? false
  }

  return {
    open: openFile,
    stat: statFile,
    create,
    remove: removeFile,
    async retire(id) {
      return (await ifThere(unlink(pathOf(id)).then(() => true))) ?? false
    },
    list,
    async recover() {
      await rm(join(root, DRAFTS), { recursive: true, force: true })
      await mkdir(join(root, DRAFTS), { recursive: true, mode: 0o700 })
    }
  }
}

const pick = ({ contentType = 'application/octet-stream', savedAt = 0 }: Sidecar) => ({ contentType, savedAt })

async function ifThere<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (MISSING.has((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}

async function writeAll(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length;) at += (await handle.write(chunk, at)).bytesWritten
}

async function writeWhole(path: string, text: string): Promise<void> {
  const handle = await open(path, 'wx', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
