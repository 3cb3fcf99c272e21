import { Empty } from '../parts/empty.tsx';
import { PageHead } from '../parts/page-head.tsx';

export function RunsPage() {
  return (
    <>
      <PageHead title="Runs" />
      <Empty title="Nothing has run yet" />
    </>
  );
}
