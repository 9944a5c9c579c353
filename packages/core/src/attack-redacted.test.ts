import { expect, it } from 'vitest'
import { redacted } from './events.ts'

it.each([
  [
    'a secret as `openssl rand -base64 32` writes it',
    'wJalrXUtnFEMI7/K7MDENGab12/bPxRfiCYEXAM0/KEYqWe12Q0=',
    'wJalrXUtnFEMI7',
  ],
  [
    'an e-mail address in a query',
    'GET https://login.test/authorize?login_hint=alice%40example.com failed',
    'alice',
  ],
])('N: no log line has %s', (_, text, secret) => {
  expect(redacted(`the provider said: ${text}`)).not.toContain(secret)
})
