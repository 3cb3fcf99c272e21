import { ButtonLink } from '../parts/button.tsx';
import { Empty } from '../parts/empty.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { t } from '../translate.ts';

/** An address that leads nowhere, or to what this user may not see: the same answer for both. */
export function Page() {
  return (
    <>
      <PageHead title={t('Not here')} />
      <Empty title={t('There is nothing at this address')} action={<ButtonLink href="/">{t('Go to the actions')}</ButtonLink>}>
        {t('The link may be old, or the page is for admins.')}
      </Empty>
    </>
  );
}
