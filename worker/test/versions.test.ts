import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LINK_CLOSE } from '../../shared/link-protocol.ts';
import { CLOSE } from '../../shared/wire.ts';
import type { TestEdge } from './edge.ts';
import { PAGE_BUILD, startEdge } from './edge.ts';
import { FakeAgent } from './fake-agent.ts';
import { BrowserSocket, login } from './socket-client.ts';

/** Page, edge and agent of different releases. This edge speaks the protocols 3 to 5. */
describe('an edge among other versions', () => {
  let edge: TestEdge;
  beforeAll(async () => {
    edge = await startEdge({}, { oldest: 3, newest: 5 });
  });
  afterAll(() => edge.stop());

  async function link(protocol: number): Promise<{ agent: FakeAgent; agreed: number }> {
    const agent = await FakeAgent.knock(edge);
    agent.prove(edge, { protocol });
    const welcome = await agent.controls.take(({ type }) => type === 'welcome');
    return { agent, agreed: welcome.type === 'welcome' ? welcome.protocol : 0 };
  }

  it.each([
    ['the oldest that it knows', 3, 3],
    ['an older one', 4, 4],
    ['its own', 5, 5],
    ['a newer one, which can do with less', 9, 5],
  ])('links an agent that speaks %s', async (_what, protocol, agreed) => {
    const linked = await link(protocol);
    expect(linked.agreed).toBe(agreed);
    await linked.agent.stop();
  });

  it('says in the challenge what it speaks', async () => {
    const agent = await FakeAgent.knock(edge);
    expect(agent.protocol).toBe(5);
    agent.socket.terminate();
  });

  it('refuses an agent that is too old, and says what to update', async () => {
    const agent = await FakeAgent.knock(edge);
    agent.prove(edge, { protocol: 2 });
    const reason = 'this host speaks protocol 2, the edge 3 and newer. Update the host.';
    expect(await agent.closed).toEqual({ code: LINK_CLOSE.protocol, reason });
  });

  describe('for a page', () => {
    let agent: FakeAgent;
    let cookie: string;
    beforeAll(async () => {
      ({ agent } = await link(5));
      cookie = await login(edge);
    });
    afterAll(() => agent.stop());

    /** Opens a socket as a page of that version, and waits for the agent's first frame. */
    async function page(query: string): Promise<{ browser: BrowserSocket; told: number | undefined; before: string[] }> {
      const browser = await BrowserSocket.open(edge, cookie, { path: `/api/ws${query}` });
      const said = await agent.controls.take(({ type }) => type === 'open');
      if (said.type !== 'open') throw new Error('no open');
      agent.text(`c/${said.conn}`, '{"type":"hello"}');
      await browser.next('hello');
      return { browser, told: said.protocol, before: browser.frames.rest.map(({ type }) => type) };
    }

    it.each([
      ['that says nothing, as a program', '', 5],
      ['of the oldest protocol', '?v=3', 3],
      ['of an older protocol', `?v=4&build=${PAGE_BUILD}`, 4],
      ['of today', `?v=5&build=${PAGE_BUILD}`, 5],
      ['with a build that is none', '?v=5&build=%22%3E', 5],
    ])('%s: opens, tells the agent, and asks for nothing', async (_what, query, protocol) => {
      const { browser, told, before } = await page(query);
      expect([told, before]).toEqual([protocol, []]);
      await browser.stop();
    });

    it('of another build: opens, and is told that there is a newer one', async () => {
      const { browser, told, before } = await page('?v=5&build=index-older.js');
      expect([told, before]).toEqual([5, ['reload']]);
      await browser.stop();
    });

    it.each([
      ['older than all it knows', '?v=2'],
      ['newer than itself: the edge went back', '?v=6'],
      ['that is no number', '?v=x'],
    ])('of a protocol %s: closes with “reload”', async (_what, query) => {
      const browser = await BrowserSocket.open(edge, cookie, { path: `/api/ws${query}` });
      expect((await browser.closed).code).toBe(CLOSE.reload);
      expect(agent.controls.rest.filter(({ type }) => type === 'open')).toEqual([]);
    });

    it('keeps what was agreed for the next link', async () => {
      const { browser } = await page('?v=4');
      await agent.stop();
      ({ agent } = await link(5));
      expect(await agent.controls.take(({ type }) => type === 'open')).toMatchObject({ protocol: 4 });
      await browser.stop();
    });
  });
});
