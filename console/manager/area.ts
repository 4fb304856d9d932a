import './manager.css';
import type { Route } from '../router.tsx';
import { ClaimPage } from './claim.tsx';
import { InboxPage } from './inbox.tsx';
import { SubstitutionPage } from './substitution.tsx';
import { TaskPage } from './task.tsx';

export const routes: readonly Route[] = [
  { path: '/app/manager', page: InboxPage },
  { path: '/app/manager/tasks/:id', page: TaskPage },
  // what messages link to: the claim's one task, where there is one
  { path: '/app/manager/claims/:number', page: ClaimPage },
  { path: '/app/manager/substitutions', page: SubstitutionPage },
];
