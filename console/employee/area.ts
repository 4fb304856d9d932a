import './employee.css';
import { lazyPage, type Route } from '../router.tsx';
import { AccountPage } from './account-page.tsx';
import { AppealPage } from './appeal-page.tsx';
import { ClaimPage } from './claim-page.tsx';
import { ConsentPage } from './consent-page.tsx';
import { DelegationPage } from './delegation-page.tsx';
import { DocumentsPage } from './documents-page.tsx';
import { HomePage } from './home.tsx';
import { MePage } from './me-page.tsx';

export const routes: readonly Route[] = [
  { path: '/', page: HomePage },
  { path: '/app/new', page: lazyPage(async () => (await import('./new/new-page.tsx')).NewPage) },
  { path: '/app/claims/:number', page: ClaimPage },
  { path: '/app/claims/:number/documents', page: DocumentsPage },
  { path: '/app/claims/:number/appeal', page: AppealPage },
  { path: '/app/me', page: MePage },
  { path: '/app/account', page: AccountPage },
  { path: '/app/consent', page: ConsentPage },
  { path: '/app/delegation', page: DelegationPage },
];
