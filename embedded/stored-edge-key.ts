import { generateKeyPairSync } from 'node:crypto';

/** The key by which the agent knows the edge, new at every start: the process that starts both hands each its half. */
export interface NewEdgeKey {
  /** PKCS#8 DER, base64url: the Worker's EDGE_KEY. */
  private_key: string;
  /** The raw Ed25519 key, base64url: the agent's TORU_EDGE_KEY. */
  public_key: string;
}

export function newEdgeKey(): NewEdgeKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return {
    private_key: privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64url'),
    // Behind the 12 bytes that say which kind of key it is (RFC 8410).
    public_key: publicKey.export({ type: 'spki', format: 'der' }).subarray(12).toString('base64url'),
  };
}
