import xterm from '@xterm/headless';
import { Answering } from '../../shared/terminal/answering.ts';
import type { TerminalServerFrame } from '../../shared/terminals.ts';
import type { Client } from '../harness/client.ts';
import { TerminalViewer } from './terminal-viewer.ts';

/** Looks at one terminal with an emulator that answers what its program asks, where the host says so: as the page does. */
export class AnsweringViewer {
  readonly #viewer: TerminalViewer;
  readonly #term = new xterm.Terminal({ allowProposedApi: true, logLevel: 'off' });
  readonly #answering = new Answering();
  readonly #id: string;

  constructor(client: Client, id: string) {
    this.#id = id;
    this.#term.onData((data) => this.type(data));
    this.#viewer = new TerminalViewer(client, (frame) => this.#take(frame));
  }

  start(): void {
    this.#viewer.watch(this.#id);
  }

  type(data: string): void {
    this.#viewer.send({ type: 'input', terminal_id: this.#id, data });
  }

  close(): void {
    this.#viewer.close();
    this.#term.dispose();
  }

  #take(frame: TerminalServerFrame): void {
    switch (frame.type) {
      case 'attached':
        return this.#answering.attached();
      case 'answers':
        return this.#answering.changed(frame.from, frame.answers);
      case 'output':
        return this.#term.write(this.#answering.output(frame.data, frame.cursor));
      default:
        return;
    }
  }
}
