/** A way to a plugin's routes: through the agent, or on the plugin's own socket. */
export interface PluginTransport {
  /** @returns the body of the answer to a GET. @throws when its status is not 200. */
  ask(path: string): Promise<string>;
  /** Reads an answer to its end, and keeps nothing of it. @returns how many bytes came. */
  download(path: string): Promise<number>;
  /** POSTs so many zeros, as fast as they are taken. @returns the body of the answer. */
  upload(path: string, bytes: number): Promise<string>;
  close(): Promise<void>;
}

/** Pieces of what is sent: as large as the protocol's. */
export const PIECE = Buffer.alloc(64 * 1024);
