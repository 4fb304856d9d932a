import { render } from 'preact';
import { App } from './app.tsx';
import { reportUncaught } from './client/report.ts';

reportUncaught();
const root = document.getElementById('app');
if (root) {
  root.replaceChildren();
  render(<App />, root);
}
