import './operator.css';
import type { Route } from '../router.tsx';
import { AnnouncementsPage } from './announcements-page.tsx';
import { ClaimDeskPage } from './claim-desk-page.tsx';
import { DeliveriesPage } from './deliveries-page.tsx';
import { HealthPage } from './health-page.tsx';
import { StuckListPage } from './stuck-list-page.tsx';
import { StuckPage } from './stuck-page.tsx';

export const routes: readonly Route[] = [
  { path: '/app/operator', page: StuckPage },
  { path: '/app/operator/stuck/:reason', page: StuckListPage },
  { path: '/app/operator/claims/:number', page: ClaimDeskPage },
  { path: '/app/operator/deliveries', page: DeliveriesPage },
  { path: '/app/operator/health', page: HealthPage },
  { path: '/app/operator/announcements', page: AnnouncementsPage },
];
