import { Clock, KeyRound, ShieldQuestion } from 'lucide-preact';
import { minuteHand } from '../clock.ts';
import { readMembership } from '../data/known-members.ts';
import { host } from '../data/presence.ts';
import { useResource } from '../data/resource.ts';
import { isAdmin } from '../own-session.ts';
import { shortTime } from '../time.ts';
import { t } from '../translate.ts';

/** @param refused the host lets nobody in at the moment. */
export function HostBanners({ refused }: { refused: boolean }) {
  return (
    <>
      {refused && <RefusedBanner />}
      <DuplicateBanner />
      {!refused && isAdmin.value && host.value?.home === false && host.value.online && <CandidateBanner key={host.value.id} />}
    </>
  );
}

/** A session that lives is of no use here: to log in again would not help. */
function RefusedBanner() {
  return (
    <p class="banner">
      <Clock size={18} aria-hidden="true" />
      <span>
        {t(
          'This host lets nobody in at the moment: its clock or that of its home host is wrong, or its home host was away for too long. On the host, “toru status” says which.',
        )}
      </span>
    </p>
  );
}

/** For admins: the edge says so to nobody else. */
function DuplicateBanner() {
  const duplicate = host.value?.duplicate ?? null;
  if (duplicate === null) return null;
  return (
    <p class="banner">
      <KeyRound size={18} aria-hidden="true" />
      <span>
        {t(
          'Another agent came with this host’s key at {at}, from {address}, and was refused. If it is no copy of yours, the key was stolen: run “toru key rotate” on the host.',
          { at: shortTime(Date.parse(duplicate.at), minuteHand.value), address: duplicate.address },
        )}
      </span>
    </p>
  );
}

/** Somebody says to be the home host, and this member waits for a word on its own console: nothing here can give it. */
function CandidateBanner() {
  const { data } = useResource(readMembership, String(minuteHand.value));
  if (data?.kind !== 'member' || data.candidate == null) return null;
  return (
    <p class="banner">
      <ShieldQuestion size={18} aria-hidden="true" />
      <span>
        {t(
          '“{candidate}” says that it is the home host now, in the place of {home}. If {home} was lost and you recovered it, type on this host’s own console: toru trust, and the words that “toru hosts” shows on {candidate}. If nobody recovered it, somebody else’s host asks: type nothing, and look who runs the edge.',
          { candidate: data.candidate.name, home: data.home.name },
        )}
      </span>
    </p>
  );
}
