import './employee.css';
import { lazyPage, type Route } from '../router.tsx';
import { ClaimPage } from './claim-page.tsx';
import { HomePage } from './home.tsx';
import { MePage } from './me-page.tsx';

export const routes: readonly Route[] = [
  { path: '/', page: HomePage },
  { path: '/app/new', page: lazyPage(async () => (await import('./new/new-page.tsx')).NewPage) },
  { path: '/app/claims/:number', page: ClaimPage },
  { path: '/app/claims/:number/documents', page: lazyPage(async () => (await import('./documents-page.tsx')).DocumentsPage) },
  { path: '/app/claims/:number/appeal', page: lazyPage(async () => (await import('./appeal-page.tsx')).AppealPage) },
  { path: '/app/me', page: MePage },
  { path: '/app/account', page: lazyPage(async () => (await import('./account-page.tsx')).AccountPage) },
  { path: '/app/consent', page: lazyPage(async () => (await import('./consent-page.tsx')).ConsentPage) },
  { path: '/app/delegation', page: lazyPage(async () => (await import('./delegation-page.tsx')).DelegationPage) },
];
