import { fromBase64Url, toBase64Url } from '../../../shared/encoding.ts';
import { certificateClaims, directoryClaims } from '../../../shared/members.ts';
import type { PairTokenAnswer } from '../../../shared/pairing.ts';
import type { EdgeLocation } from '../../config-edge.ts';
import { setInConfigFile } from '../../config-edit.ts';
import type { Membership } from '../../hosts/membership.ts';
import type { Identity } from '../../link/identity.ts';
import { openStatement } from '../../link/signed-statement.ts';
import { StartError } from '../../start-error.ts';
import type { PendingRequest } from './ask-to-pair.ts';

/** What a pairing changes: the membership, and the address in config.toml. */
interface Joining {
  home: string;
  id: string;
  identity: Pick<Identity, 'publicKey'>;
  membership: Membership;
}

/**
 * Takes the membership over: only with a certificate that the home host signed whose key went into the words (or into the invite), for this
 * host's id and key, in the installation that was asked.
 * @returns the home host's name and this host's, as the home host signed them. @throws ToruError, StartError: nothing was changed.
 */
export function joinHome(
  host: Joining,
  edge: EdgeLocation,
  { answer }: PendingRequest,
  signed: PairTokenAnswer,
): { home: string; name: string } {
  const homeKey = fromBase64Url(answer.home.public_key);
  const certificate = openStatement(signed.certificate, 'host', homeKey, certificateClaims);
  const directory = openStatement(signed.directory, 'directory', homeKey, directoryClaims);
  const ours = toBase64Url(host.identity.publicKey);
  if (certificate === null || directory === null) throw refusal('was not signed by the home host whose words were shown here');
  if (certificate.host !== host.id || certificate.key !== ours) throw refusal('is for another host');
  if (certificate.by !== answer.home.host || certificate.ins !== answer.installation || directory.ins !== answer.installation)
    throw refusal('is of another installation');
  const name = directory.hosts.find(({ id }) => id === answer.home.host)?.name ?? answer.home.name;
  const undo = setInConfigFile(host.home, 'TORU_EDGE_URL', edge.url);
  try {
    host.membership.join({ home: { host: answer.home.host, name, public_key: answer.home.public_key }, ...signed });
  } catch (error) {
    undo();
    throw error;
  }
  return { home: name, name: certificate.name };
}

function refusal(what: string): StartError {
  return new StartError(
    `The certificate ${what}: somebody between this host and its home host changes what they say. Nothing was changed here. Remove what was approved on the home host (toru hosts revoke), and look who answers at that address before you try again.`,
  );
}
