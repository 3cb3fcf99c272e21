import { ButtonLink } from '../parts/button.tsx';
import { Empty } from '../parts/empty.tsx';
import { PageHead } from '../parts/page-head.tsx';

/** An address that leads nowhere, or to what this user may not see: the same answer for both. */
export function MissingPage() {
  return (
    <>
      <PageHead title="Not here" />
      <Empty title="There is nothing at this address" action={<ButtonLink href="/">Go to the actions</ButtonLink>}>
        The link may be old, or the page is for admins.
      </Empty>
    </>
  );
}
