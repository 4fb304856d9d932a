import type { Page } from 'playwright-core';
import { BILLS } from '#dev/bills/bill.ts';
import { structuredXml } from '#dev/bills/xml.ts';
import { eventually } from '#dev/run-stack.ts';
import { PEOPLE } from '#dev/seed.ts';
import { oneStuckClaim } from './stuck-claim.ts';
import { makeApprovals, tasksOf } from './approvals.ts';
import type { Who, World } from './world.ts';

/**
 * Every page of the console, once: tests/console/pages.test.ts looks at each with axe at both widths, in both schemes and languages, and `npm run
 * screenshots` takes its picture. A page that is not here is looked at by nobody.
 */
export type ConsolePage = {
  /** name of its pictures */
  name: string;
  /** as whom; absent: nobody has signed in */
  who?: Who;
  /** what there has to be before somebody signs in */
  prepare?: (world: World) => Promise<unknown>;
  /** an address, or how to come there from home */
  at: string | ((page: Page, world: World) => Promise<void>);
  /** what shows that it is there */
  ready: string;
};

/** The page of a claim of dev/seed/showcase.ts, once it has come to this state. */
const claimPage =
  (story: string, state: string, rest = ''): ConsolePage['at'] =>
  async (page, world) => {
    const number = world.claims[story] ?? '';
    await eventually(`${story} to be ${state}`, async () => {
      const { state: now } = await world.api.get<{ state: string }>(`/v1/claims/${number}`);
      return now === state || undefined;
    });
    await page.goto(`${world.url}/app/claims/${number}${rest}`);
  };

/** The address of a step of a new claim, whose kind is chosen first. */
const newClaim =
  (step: string): ConsolePage['at'] =>
  async (page, world) => {
    await page.goto(`${world.url}/app/new`);
    await page.locator('input[name=kind]').first().check();
    if (step !== 'kind') await page.locator('button[type=submit]').click();
  };
/** A page of the desk, once a claim stands still. */
function onceStuck(path: string): ConsolePage['at'] {
  return async (page, world) => {
    await oneStuckClaim(world);
    await page.goto(`${world.url}${path}`);
  };
}

/** The desk of a claim that stands still, and what is done there. */
function stuckDesk(then: (page: Page) => Promise<void>): ConsolePage['at'] {
  return async (page, world) => {
    const { number } = await oneStuckClaim(world);
    await page.goto(`${world.url}/app/operator/claims/${number}`);
    await page.locator('.timeline').waitFor();
    await then(page);
  };
}

/** The steps after the materials, with a bill that is read at once; its payer is not who claims, which is a doubt to be shown. */
const afterMaterials =
  (step: 'check' | 'confirm'): ConsolePage['at'] =>
  async (page, world) => {
    await page.goto(`${world.url}/app/new`);
    await page.locator('input[name=kind]').first().check();
    await page.locator('button[type=submit]').click();
    const bill = { name: 'bill.xml', mimeType: 'application/xml', buffer: Buffer.from(structuredXml(BILLS.outpatient)) };
    await page.locator('.picker').first().waitFor();
    if ((await page.locator('.picker').first().locator('.tag.good').count()) === 0) await page.locator('input[data-kind=INVOICE]').setInputFiles(bill);
    await page.locator('.picker .tag.good').first().waitFor();
    await page.locator('main .button.primary').click();
    await page.locator('main form .button.primary').waitFor();
    if (step === 'check') return;
    await page.locator('main form .button.primary').click();
    await page.locator('.sticky-actions').waitFor();
  };

export const PAGES: readonly ConsolePage[] = [
  { name: 'sign-in', at: '/', ready: 'main button' },
  { name: 'not-found', who: 'claimant', at: '/app/nowhere', ready: 'main h1' },
  { name: 'employee-home', who: 'claimant', at: '/', ready: 'a.claim-card' },
  { name: 'employee-home-empty', who: 'manager', at: '/', ready: '.empty' },
  { name: 'employee-new', who: 'claimant', at: newClaim('kind'), ready: 'fieldset' },
  { name: 'employee-materials', who: 'claimant', at: newClaim('materials'), ready: '.picker' },
  {
    ...{ name: 'employee-sample', who: 'claimant', ready: 'dialog svg' },
    async at(page, world) {
      await page.goto(`${world.url}/app/claims/${world.claims['documents-missing'] ?? ''}/documents`);
      await page.locator('.picker .button.plain').first().click();
    },
  },
  { name: 'employee-check', who: 'loader', at: afterMaterials('check'), ready: 'form' },
  { name: 'employee-confirm', who: 'loader', at: afterMaterials('confirm'), ready: '.sticky-actions' },
  { name: 'employee-claim-draft', who: 'claimant', at: claimPage('draft', 'DRAFT'), ready: '.timeline' },
  { name: 'employee-claim-missing', who: 'claimant', at: claimPage('documents-missing', 'PENDED_INFO'), ready: '.timeline' },
  { name: 'employee-documents', who: 'claimant', at: claimPage('documents-missing', 'PENDED_INFO', '/documents'), ready: '.picker' },
  { name: 'employee-claim-bureau', who: 'claimant', at: claimPage('with-bureau', 'IN_REVIEW'), ready: '.timeline' },
  { name: 'employee-claim-denied', who: 'claimant', at: claimPage('denied', 'DENIED'), ready: '.timeline' },
  { name: 'employee-appeal', who: 'claimant', at: claimPage('denied', 'DENIED', '/appeal'), ready: 'textarea' },
  { name: 'employee-claim-paid', who: 'claimant', at: claimPage('paid', 'PAID'), ready: '.timeline' },
  { name: 'employee-claim-account', who: 'loader', at: claimPage('payment-failed', 'PAYMENT_FAILED'), ready: '.timeline' },
  { name: 'employee-account', who: 'loader', at: '/app/account', ready: 'main input' },
  { name: 'employee-me', who: 'claimant', at: '/app/me', ready: '.facts' },
  { name: 'employee-consent', who: 'claimant', at: '/app/consent', ready: '.card .tag' },
  { name: 'employee-delegation', who: 'claimant', at: '/app/delegation', ready: 'main input' },
  { name: 'manager-inbox', who: 'shown-approver', prepare: approvalsOf, at: toShown(() => '/app/manager'), ready: '.task-row' },
  { name: 'manager-inbox-done', who: 'manager', at: '/app/manager?box=done', ready: '.empty' },
  { name: 'manager-started', who: 'manager', at: '/app/manager?box=started', ready: 'main .tabs' },
  { name: 'manager-task', who: 'shown-approver', prepare: approvalsOf, at: toShown(({ task }) => `/app/manager/tasks/${task}`), ready: '.preview img' },
  { name: 'manager-task-decide', who: 'shown-approver', prepare: approvalsOf, at: toConfirm, ready: 'dialog .button.primary' },
  { name: 'manager-task-review', who: 'hrHead', at: toTask('hrHead', 'pre-review', 'PRE_REVIEW'), ready: '.findings' },
  { name: 'manager-task-duplicate', who: 'hrHead', at: toTask('hrHead', 'duplicate', 'DUPLICATE_REVIEW'), ready: '.beside-table' },
  { name: 'manager-task-escalation', who: 'manager', at: toTask('manager', 'overdue', 'ESCALATION'), ready: '.timeline' },
  { name: 'manager-task-written', who: 'manager', at: toTask('manager', 'overdue', 'ESCALATION', 'RECORD_DECISION'), ready: '.written .fault' },
  { name: 'manager-task-payout', who: 'finance', at: toTask('finance', 'payout-above-limit', 'PAYOUT_ATTENTION'), ready: '.facts' },
  { name: 'manager-bulk', who: 'shown-approver', prepare: approvalsOf, at: toBulk, ready: 'dialog .list' },
  {
    name: 'manager-claim',
    who: 'shown-approver',
    prepare: approvalsOf,
    at: toShown(({ claim }) => `/app/manager/claims/${claim}?all=1`),
    ready: '.preview img',
  },
  { name: 'manager-substitution', who: 'shown-approver', prepare: approvalsOf, at: '/app/manager/substitutions', ready: 'main form' },
  { name: 'operator-stuck', who: 'operator', at: onceStuck('/app/operator'), ready: 'main .list' },
  { name: 'operator-stuck-list', who: 'operator', at: onceStuck('/app/operator/stuck/RETRYING'), ready: 'main .list' },
  { name: 'operator-claim', who: 'operator', at: stuckDesk(async () => undefined), ready: '.timeline' },
  {
    name: 'operator-terminate',
    who: 'operator',
    at: stuckDesk((page) => page.locator('.button.danger').last().click()),
    ready: 'dialog input',
  },
  { name: 'operator-deliveries', who: 'operator', at: onceStuck('/app/operator/deliveries'), ready: 'main .list' },
  { name: 'operator-health', who: 'operator', at: '/app/operator/health', ready: 'main .list' },
  { name: 'operator-announcements', who: 'operator', at: '/app/operator/announcements', ready: 'summary' },
];

export async function visit(page: Page, world: World, { at, ready }: ConsolePage): Promise<void> {
  if (typeof at === 'string') await page.goto(`${world.url}${at}`);
  else await at(page, world);
  await page.locator(ready).first().waitFor();
  await page.locator('[aria-busy=true], .bone').first().waitFor({ state: 'detached' });
}

type Shown = { claim: string; task: string };
let shown: Promise<Shown> | undefined;

/** Claims that wait for an approver whom no other test has, made when the first page asks for them. */
function approvalsOf(world: World): Promise<Shown> {
  return (shown ??= makeApprovals(world, { who: 'shown-approver', unitCode: 'SJZ-SH', count: 2 }).then(async ({ approver, claims: [claim = ''] }) => {
    const task = (await tasksOf(world, approver)).find(({ claimNumber }) => claimNumber === claim);
    return { claim, task: task?.id ?? '' };
  }));
}

function toShown(address: (shown: Shown) => string): (page: Page, world: World) => Promise<void> {
  return async (page, world) => {
    await page.goto(`${world.url}${address(await approvalsOf(world))}`);
  };
}

/** The task of one of the sample people about a claim of the showcase; with `choice` taken and gone on with, so that what is missing is said. */
function toTask(who: keyof typeof PEOPLE, story: string, kind: string, choice?: string): (page: Page, world: World) => Promise<void> {
  return async (page, world) => {
    const number = world.claims[story] ?? '';
    const { id } = await eventually(`${kind} of ${story}`, async () =>
      (await tasksOf(world, PEOPLE[who].employeeNo)).find((task) => task.claimNumber === number && task.kind === kind),
    );
    await page.goto(`${world.url}/app/manager/tasks/${id}`);
    if (choice === undefined) return;
    await page.locator(`input[type=radio][value=${choice}]`).check();
    await page.locator('.written').waitFor();
    await page.locator('form button[type=submit]').click();
  };
}

async function toConfirm(page: Page, world: World): Promise<void> {
  const { task } = await approvalsOf(world);
  await page.goto(`${world.url}/app/manager/tasks/${task}`);
  await page.getByRole('radio').first().check();
  await page.locator('form .button.primary').click();
}

async function toBulk(page: Page, world: World): Promise<void> {
  await approvalsOf(world);
  await page.goto(`${world.url}/app/manager`);
  await page.getByRole('checkbox').first().waitFor();
  for (const box of await page.getByRole('checkbox').all()) await box.check();
  await page.locator('.bulk-bar .button.primary').click();
  await page.getByRole('dialog').getByRole('radio').first().check();
  await page.getByRole('dialog').locator('.button.primary').click();
}
