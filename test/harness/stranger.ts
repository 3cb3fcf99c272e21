import { createSocket } from 'node:dgram';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Somebody else's server on the network, who writes down whatever reaches it: connections, HTTP, upgrades, UDP. */
export class Stranger {
  /** What came, as "CONNECTION", "GET /path" or "UDP". */
  readonly heard: string[];
  readonly url: string;
  readonly udpPort: number;
  readonly close: () => Promise<void>;

  private constructor(heard: string[], httpPort: number, udpPort: number, close: () => Promise<void>) {
    this.heard = heard;
    this.url = `http://127.0.0.1:${httpPort}`;
    this.udpPort = udpPort;
    this.close = close;
  }

  static async listen(): Promise<Stranger> {
    const heard: string[] = [];
    const http = createServer((request, response) => {
      heard.push(`${request.method} ${request.url}`);
      // Welcoming: nothing that fails, fails for its sake.
      response.writeHead(200, { 'access-control-allow-origin': '*', 'content-type': 'text/javascript' }).end('export default 1;');
    });
    http.on('connection', () => heard.push('CONNECTION'));
    http.on('upgrade', (request, socket) => {
      heard.push(`UPGRADE ${request.url}`);
      socket.destroy();
    });
    const udp = createSocket('udp4', () => heard.push('UDP'));
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    await new Promise<void>((resolve) => udp.bind(0, '127.0.0.1', resolve));
    const close = async (): Promise<void> => {
      udp.close();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    };
    return new Stranger(heard, portOf(http.address()), udp.address().port, close);
  }
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
