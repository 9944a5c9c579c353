import type { Scenario } from './scenario.fixture.ts'

type Programs = Scenario['programs']

/** One client refreshes several times; a second process has read the file at some moment. */
function goesOn(times: number): Programs {
  return ({ place, refresh }) => {
    const file = place()
    return {
      async client(actor) {
        for (let time = 0; time < times; time++) {
          await actor.pause('refreshes')
          await refresh(actor, file, time % 2)
        }
      },
      async sibling(actor) {
        await actor.pause('reads the file')
        await refresh(actor, { ...file }, 1)
      },
    }
  }
}

/** An answer is lost for most of an hour. Of three processes, one is answered and goes on, one is a little slower. */
const slowSibling: Programs = ({ place, refresh, first }) => {
  const file = place()
  return {
    async client(actor) {
      await actor.ask({ kind: 'refresh', token: first.refresh_token }, 0)
      await actor.pause('has lost the answer', 3000)
      await refresh(actor, file, 0)
      await refresh(actor, file, 1)
    },
    async sibling(actor) {
      await actor.pause('has read the file')
      await refresh(actor, { ...first }, 1)
    },
  }
}

/** A store that fails over to a replica, or an answer that nobody got: nobody honest has to sign in for that. */
export const losses = {
  'a store that loses its last writes': {
    faults: 0,
    losesWrites: 4,
    instances: [{}, { ahead: 60 }],
    sees: ['the store loses writes', 'refresh.adopted', 'refresh.rotated', 'refresh.replayed'],
    programs: goesOn(4),
  },
  'a store that loses a write, and an instance that crashes': {
    faults: 1,
    losesWrites: 1,
    sees: ['the store loses writes', 'refresh.adopted', 'late put'],
    programs: goesOn(1),
  },
  'a lost answer, and a process that is a little slower': {
    faults: 0,
    leaps: [119],
    instances: [{}, { ahead: 60 }],
    sees: ['refresh.lost_response', 'refresh.replayed'],
    programs: slowSibling,
  },
} as const satisfies Readonly<Record<string, Scenario>>
