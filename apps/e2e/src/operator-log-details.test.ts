import { expect, it } from 'vitest'
import { detailOf } from '../../../packages/core/src/events.ts'

it.each([
  ['percent-encoded', 'GET https://login.test/authorize?login_hint=ada%40acme.dev failed', 'ada%40acme.dev'],
  ['of a domain that is not ASCII', 'User account ада@почта.рф does not exist', 'ада'],
  ['with a quoted local part', 'unknown user "ada.lovelace"@acme.dev', 'ada.lovelace'],
])('an e-mail address is in no detail: %s', (_, text, address) => {
  expect(detailOf(new Error(text))).not.toContain(address)
})

it('a secret in plain base64 is in no detail, wherever its slashes are', () => {
  const secret = 'Vq3x8m0TtS2yYk7s/zR5uWb1cDf4gHj6/lN9oQeXaZB8='
  expect(detailOf(new Error(`the client_secret ${secret} is wrong`))).not.toContain('Vq3x8m0TtS2yYk7s')
})
