import t from 'tap'
import { checkPages } from '../support/axe.ts'
import { withoutBrowser } from '../support/browser.ts'

t.test('every page can be used by everyone, light and dark', { skip: withoutBrowser() }, checkPages)
