import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { readConfigFile } from '../../src/config/file.ts'
import { temporaryFolder } from '../support/gateway.ts'

async function read(t: Test, text: string, env: Record<string, string> = {}): Promise<unknown> {
  const path = join(await temporaryFolder(t), 'config.yaml')
  await writeFile(path, text)
  return readConfigFile(path, env)
}

t.test('variables go into strings, with defaults and escapes', async (t) => {
  const env = { NAME: 'value', PORT: '81', EMPTY: '' }
  t.same(await read(t, 'a: "x ${NAME} y"', env), { a: 'x value y' })
  t.same(await read(t, 'a: "${MISSING:-other}"\nb: ${EMPTY:-was empty}', env), { a: 'other', b: 'was empty' })
  t.same(await read(t, 'a: "$${NAME}"', env), { a: '${NAME}' })
  t.same(await read(t, '"${NAME}": 1', env), { '${NAME}': 1 }, 'keys stay as they are')
})

t.test('an unquoted variable may be a number or a boolean, a quoted one is text', async (t) => {
  const env = { PORT: '81', ON: 'true' }
  t.same(await read(t, 'a: ${PORT}\nb: "${PORT}"\nc: ${ON}\nd: ${P:-5}', env), { a: 81, b: '81', c: true, d: 5 })
})

t.test('a value cannot bring structure in', async (t) => {
  t.same(await read(t, 'a: ${X}', { X: '{ b: 1 }' }), { a: '{ b: 1 }' })
})

t.test('JSON is read too, and an empty file is an empty configuration', async (t) => {
  t.same(await read(t, '{ "a": [1, "${X:-b}"] }'), { a: [1, 'b'] })
  t.same(await read(t, ''), {})
  t.same(await read(t, '# nothing\n'), {})
})

t.test('all variables that are not set are told at once', async (t) => {
  await t.rejects(read(t, 'a: ${ONE}\nb: ${TWO}'), /ONE is not set\n.*TWO is not set/)
})

t.test('what is not YAML is told with its line', async (t) => {
  await t.rejects(read(t, 'a: 1\nb: [1\n'), /line \d/)
})

t.test('a file that is not there is told by its path', async (t) => {
  t.throws(() => readConfigFile('/nowhere/config.yaml', {}), /\/nowhere\/config\.yaml:\n {2}cannot be read \(ENOENT\)/)
})
