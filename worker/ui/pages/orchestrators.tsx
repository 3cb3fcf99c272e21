import { OrchestratorsPage } from './orchestrators/orchestrators-page.tsx';

/** The place of orchestrators. */
export function Page() {
  return <OrchestratorsPage />;
}
