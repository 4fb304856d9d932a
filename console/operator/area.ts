import type { Route } from '../router.tsx';
import { HomePage } from './home.tsx';

export const routes: readonly Route[] = [{ path: '/app/operator', page: HomePage }];
