import DOMPurify from 'dompurify'
import { Marked, type Token, type TokensList } from 'marked'

const marked = new Marked({ gfm: true, breaks: true })
const purify = DOMPurify(window)

// A link out of the dashboard opens beside it, and tells nobody where it was.
purify.addHook('afterSanitizeAttributes', (node) => {
  if (node.tagName === 'A' && node.hasAttribute('href')) {
    node.setAttribute('target', '_blank')
    node.setAttribute('rel', 'noopener noreferrer')
  }
  if (node.tagName === 'INPUT') node.setAttribute('disabled', '')
})

const SAFE = {
  USE_PROFILES: { html: true },
  FORBID_TAGS: ['style', 'form', 'button', 'textarea', 'select', 'iframe', 'video', 'audio'],
  FORBID_ATTR: ['style', 'class', 'id', 'srcset', 'name'],
  ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|blob:|data:image\/(?:png|jpeg|gif|webp);|\/?media\/|#)/i
}

/** Markdown as HTML that can do no harm. The language of a block of code is the attribute `data-language`. */
function toHtml(tokens: Token[], links: TokensList['links']): string {
  const list = Object.assign([...tokens], { links })
  return purify.sanitize(marked.parser(list), SAFE)
}

marked.use({
  renderer: {
    code({ text, lang = '' }) {
      const language = /^[\w+#-]{1,20}/.exec(lang)?.[0] ?? ''
      return `<pre data-language="${language}"><code>${escape(text)}</code></pre>`
    }
  }
})

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const escape = (text: string) => text.replace(/[&<>"]/g, (sign) => ESCAPES[sign] ?? sign)

export interface Block {
  /** Where it begins in the text: what names it while the text grows. */
  at: number
  html: string
}

/**
 * A text that grows, as blocks of HTML. What was a block before the last one does not change any more and is not read
 * again, so that a long answer costs no more for each piece than a short one.
 */
export class GrowingMarkdown {
  #text = ''
  #done: Block[] = []
  /** How far the text is in blocks that are done. */
  #length = 0

  /** @param text all of it; where it does not go on from the one before, everything is read anew */
  render(text: string): readonly Block[] {
    if (!text.startsWith(this.#text)) {
      this.#done = []
      this.#length = 0
    }
    this.#text = text
    const tokens = marked.lexer(text.slice(this.#length))
    const { links } = tokens
    let last = tokens.length - 1
    while (last > 0 && tokens[last]?.type === 'space') last--
    const settled = tokens.slice(0, last)
    for (const token of settled) {
      if (token.type !== 'space') this.#done.push({ at: this.#length, html: toHtml([token], links) })
      this.#length += token.raw.length
    }
    const rest = tokens.slice(last)
    return rest.length > 0 ? [...this.#done, { at: this.#length, html: toHtml(rest, links) }] : [...this.#done]
  }
}
