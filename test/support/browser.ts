import { existsSync } from 'node:fs'

const PLACES = [
  process.env.COMIS_TEST_BROWSER ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'
]

/** A browser of this machine that the dashboard can be tested in; undefined where there is none. */
export const browserPath = (): string | undefined => PLACES.find((path) => path !== '' && existsSync(path))
