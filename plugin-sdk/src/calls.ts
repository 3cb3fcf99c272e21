import type { Connection, Untimed } from './agent-connection.ts';
import type { Failure, FailureCode, FromPlugin, KvAnswer, KvRequest, RunAnswer, RunStart } from './protocol.ts';

/** The agent said no. `code` is for the program, the message for a person. */
export class HostError extends Error {
  override name = 'HostError';
  readonly code: FailureCode;

  constructor({ code, message }: Pick<Failure, 'code' | 'message'>) {
    super(message);
    this.code = code;
  }
}

type KvDone = Exclude<KvAnswer, Failure>;

interface Waiting {
  resolve(answer: KvDone): void;
  reject(error: Error): void;
}

/** How a run ended. */
export interface RunEnd {
  /** `exited`, `cancelled`, `timed_out`, … */
  state: string;
  exit_code: number | null;
}

/** A quick action that was started. */
export interface RunHandle {
  readonly task_id: string;
  /** When it is over. Rejects when this plugin's connection ends before it. */
  readonly ended: Promise<RunEnd>;
}

interface Started {
  begun: PromiseWithResolvers<string>;
  ended: PromiseWithResolvers<RunEnd>;
}

/** Asked and not yet answered; more than that is a loop that does not wait. */
const MAX_WAITING = 10_000;

/** What this plugin has asked the agent, by request id. */
export class Calls {
  readonly #connection: Connection<FromPlugin>;
  readonly #kv = new Map<string, Waiting>();
  readonly #runs = new Map<string, Started>();
  #last = 0;

  constructor(connection: Connection<FromPlugin>) {
    this.#connection = connection;
    connection.gone.addEventListener('abort', () => {
      const error = connection.gone.reason instanceof Error ? connection.gone.reason : new Error('the connection is closed');
      for (const { reject } of this.#kv.values()) reject(error);
      for (const { begun, ended } of this.#runs.values()) {
        begun.reject(error);
        ended.reject(error);
      }
      this.#kv.clear();
      this.#runs.clear();
    });
  }

  /** @throws HostError */
  kv(request: KvRequest): Promise<KvDone> {
    return new Promise((resolve, reject) => {
      const id = this.#open({ type: 'kv', request_id: '', payload: request });
      this.#kv.set(id, { resolve, reject });
    });
  }

  /** @throws HostError */
  async run(request: RunStart): Promise<RunHandle> {
    const started: Started = { begun: Promise.withResolvers(), ended: Promise.withResolvers() };
    // Whoever does not wait for its end must not be ended by it.
    started.ended.promise.catch(() => undefined);
    this.#runs.set(this.#open({ type: 'run', request_id: '', payload: request }), started);
    return { task_id: await started.begun.promise, ended: started.ended.promise };
  }

  answerKv(id: string, answer: KvAnswer): void {
    const waiting = this.#kv.get(id);
    this.#kv.delete(id);
    if (answer.action === 'error') waiting?.reject(new HostError(answer));
    else waiting?.resolve(answer);
  }

  answerRun(id: string, answer: RunAnswer): void {
    const run = this.#runs.get(id);
    switch (answer.action) {
      case 'started':
        run?.begun.resolve(answer.task_id);
        return;
      case 'ended':
        this.#runs.delete(id);
        // A run that is over at once may be told of in one message.
        run?.begun.resolve(answer.task_id);
        run?.ended.resolve({ state: answer.state, exit_code: answer.exit_code });
        return;
      case 'error':
        this.#runs.delete(id);
        run?.begun.reject(new HostError(answer));
        run?.ended.reject(new HostError(answer));
        return;
      default:
        answer satisfies never;
    }
  }

  #open(message: Extract<Untimed<FromPlugin>, { type: 'kv' | 'run' }>): string {
    this.#connection.gone.throwIfAborted();
    if (this.#kv.size + this.#runs.size >= MAX_WAITING) {
      throw new HostError({ code: 'busy', message: `${MAX_WAITING} questions to Toru are unanswered. Await some before you ask more.` });
    }
    this.#last += 1;
    const id = `${message.type}-${this.#last}`;
    this.#connection.send({ ...message, request_id: id });
    return id;
  }
}
