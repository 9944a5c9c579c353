import { expect, it } from 'vitest'
import { account, enter, told } from './endpoints/account.fixture.ts'
import { world } from './world.ts'

const addresses = [
  `${account}?provider=github`,
  `${account}?account=choose&provider=github`,
  `${account}?provider=github&csrf=x&at=everything`,
  `${account}?decision=end_all&end=*&key=*`,
]

it('a link to the account page begins no sign-in, whatever it says and whoever follows it', async () => {
  const w = world()
  const { person } = await enter(w)
  for (const who of [w.browser(), person]) {
    const evil = who.imagine('https://evil.example/', '<p>Hello</p>')
    for (const url of addresses) {
      const before = w.events.length
      const page = await who.follow(evil, url)
      expect(page.hops).toEqual([{ method: 'GET', url, status: 200 }])
      expect(page.headers.getSetCookie().join()).not.toContain('-transaction-')
      expect(told({ events: w.events.slice(before) }).filter((type) => type !== 'account.shown')).toEqual([])
    }
  }
})
