import * as fc from 'fast-check'
import t from 'tap'
import type { Json } from '../../src/json.ts'
import { compileTemplate, TemplateError, type TemplateScope } from '../../src/webhooks/template.ts'

const scope = (payload: Json, more: Partial<TemplateScope> = {}): TemplateScope => ({
  payload,
  headers: { 'x-y': 'h' },
  query: { k: 'q' },
  path: 'p',
  receivedAt: 0,
  ...more
})
const render = (text: string, payload: Json = null, most = 1000) => compileTemplate(text).render(scope(payload), most)

t.test('what a template can name', async (t) => {
  const payload = { a: { b: [{ c: 'x' }, 2] }, 'd.e': 1, f: null, 'g-h': true, path: 'own', ü: 'ü' }
  const cases: [string, string][] = [
    ['{{payload.a.b[0].c}}', 'x'],
    ['{{ a.b[1] }}', '2'],
    ['{{a.b}}', '[{"c":"x"},2]'],
    ['{{["d.e"]}}{{payload[\'d.e\']}}', '11'],
    ['{{f}}{{nothing}}{{a.b[9].c}}{{a.b.c}}', ''],
    ['{{g-h}} {{ü}}', 'true ü'],
    ['{{headers.X-Y}} {{headers.none}} {{query.k}}', 'h  q'],
    ['{{path}} {{payload.path}}', 'p own'],
    ['{{now}}', '1970-01-01T00:00:00.000Z'],
    ['a { b } c', 'a { b } c']
  ]
  for (const [text, expected] of cases) t.equal(render(text, payload), expected, text)
  t.equal(render('{{[0].a}}', [{ a: 1 }]), '1')
  t.same(compileTemplate('{{headers.A}}{{headers.a}}{{query.B}}').headers, ['a'])
})

t.test('what is not its own is not there', async (t) => {
  const names = [
    '__proto__',
    'constructor',
    'toString',
    'length',
    '__proto__.polluted',
    'constructor.name',
    'hasOwnProperty'
  ]
  for (const name of names) {
    t.equal(render(`{{${name}}}{{a.${name}}}{{l.${name}}}{{s.${name}}}`, { a: {}, l: [1], s: 'text' }), '', name)
    t.equal(compileTemplate(`{{headers.${name.split('.')[0]}}}`).render(scope({}), 10), '', name)
  }
  const own = JSON.parse('{"__proto__":{"polluted":"yes"}}') as Json
  t.equal(render('{{__proto__.polluted}}', own), 'yes', 'but what a payload says is its own')
  t.equal(({} as Record<string, unknown>).polluted, undefined)
})

t.test('what is no template is told with its place', async (t) => {
  for (const text of [
    '{{',
    'a }}',
    '{{}}',
    '{{a..b}}',
    '{{a.}}',
    '{{.a}}',
    '{{a[}}',
    '{{a[x]}}',
    '{{a b}}',
    '{{headers}}'
  ]) {
    t.throws(() => compileTemplate(text), TemplateError, text)
  }
  t.throws(() => compileTemplate('abc {{a..b}}'), /"a\.\.b" at character 5/)
  for (const text of ['{{now.x}}', '{{path.x}}', '{{headers.a.b}}', `{{${'a.'.repeat(40)}a}}`]) {
    t.throws(() => compileTemplate(text), TemplateError, text)
  }
})

t.test('whatever comes, it is bounded, well formed, and never throws', async () => {
  const templates = fc.constantFrom(
    '{{payload}}{{payload}}',
    '{{a}}-{{a.a}}-{{a[0]}}',
    '{{["__proto__"]}}{{a.__proto__}}'
  )
  fc.assert(
    fc.property(templates, fc.jsonValue(), fc.nat(200), (text, payload, most) => {
      const out = render(text, payload as Json, most)
      return out.length <= most && out.isWellFormed()
    })
  )
})

t.test('whatever is written, it is a template or told not to be one', async () => {
  const written = fc.string({ unit: fc.constantFrom('{', '}', '.', '[', ']', 'a', '"', "'", '0', ' ', 'payload') })
  fc.assert(
    fc.property(written, fc.jsonValue(), (text, payload) => {
      try {
        return typeof render(text, payload as Json) === 'string'
      } catch (error) {
        return error instanceof TemplateError
      }
    })
  )
})

t.test('text without braces stays as it is, and a path finds what JSON says', async () => {
  fc.assert(
    fc.property(
      fc.string().map((text) => text.replaceAll(/[{}]/g, '')),
      (text) => render(text) === text.toWellFormed()
    )
  )
  const name = fc.string({ minLength: 1 }).filter((text) => !/["{}]/.test(text))
  fc.assert(
    fc.property(fc.array(name, { minLength: 1, maxLength: 5 }), fc.string(), (path, value) => {
      const payload = path.reduceRight<Json>((inner, key) => Object.fromEntries([[key, inner]]), value)
      return render(`{{payload${path.map((key) => `["${key}"]`).join('')}}}`, payload) === value.toWellFormed()
    })
  )
})
