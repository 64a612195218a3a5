// What happens is seen in every tab, however many there are: over plain HTTP a browser opens six connections to a server.
import { type BrowserContext, type Page } from '@playwright/test';
import { OUR_NUMBER, type Customer, expect, isLive, newBusiness, newConversation, newCustomer, send, signOut, test, type Sim } from '../helpers';

const TABS = 12;

const row = (page: Page, { name }: Customer) => page.getByRole('region', { name: 'Conversations' }).getByRole('link').filter({ hasText: name });
const shows = (page: Page, who: Customer, text: string) => expect(row(page, who).filter({ hasText: text })).toBeVisible();

/** A business whose customer Ada has been written to, so that her answers are its. */
async function withAda(page: Page, sim: Sim): Promise<Customer> {
  const ada = await newCustomer(page);
  await newConversation(page, ada);
  await send(page, 'Hello Ada');
  await sim.received(ada.phone, 'Hello Ada');
  return ada;
}

async function openTabs(context: BrowserContext, count: number): Promise<Page[]> {
  const tabs: Page[] = [];
  for (let i = 0; i < count; i++) {
    const tab = await context.newPage();
    await tab.goto('/inbox');
    await isLive(tab);
    tabs.push(tab);
  }
  return tabs;
}

test('twelve tabs load and stay live, also when the first is closed', async ({ page, context, sim }) => {
  await newBusiness(page);
  const ada = await withAda(page, sim);
  const tabs = [page, ...(await openTabs(context, TABS - 1))];
  await page.goto('/inbox');
  await isLive(page);
  await sim.text(ada.phone, OUR_NUMBER, 'Is there parking?');
  for (const tab of tabs) await shows(tab, ada, 'Is there parking?');

  await page.close();
  tabs.shift();
  await sim.text(ada.phone, OUR_NUMBER, 'I found some');
  for (const tab of tabs) await shows(tab, ada, 'I found some');
});

test('a tab that was drawn before something happened catches up', async ({ page, context, sim }) => {
  await newBusiness(page);
  const ada = await withAda(page, sim);
  await page.goto('/inbox');
  await isLive(page);
  const late = await context.newPage();
  // Its script is kept back until the others know more than it was drawn with.
  let go = () => {};
  const held = new Promise<void>((resolve) => (go = resolve));
  await late.route('**/pkg/*.wasm', async (route) => {
    await held;
    await route.continue();
  });
  await late.goto('/inbox', { waitUntil: 'commit' });
  await expect(row(late, ada)).toBeVisible();
  await sim.text(ada.phone, OUR_NUMBER, 'Still there?');
  await shows(page, ada, 'Still there?');
  await expect(row(late, ada)).not.toContainText('Still there?');
  go();
  await shows(late, ada, 'Still there?');
});

test('where no worker is shared, who is hidden gives the stream up and catches up later', async ({ page, context, sim }) => {
  await context.addInitScript(() => {
    Reflect.deleteProperty(window, 'SharedWorker');
    let state: DocumentVisibilityState = 'visible';
    Object.defineProperty(document, 'visibilityState', { get: () => state });
    Object.assign(window, {
      show: (as: DocumentVisibilityState) => {
        state = as;
        document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
      },
    });
  });
  const show = (tab: Page, as: DocumentVisibilityState) => tab.evaluate((as) => (window as unknown as { show(as: string): void }).show(as), as);
  await newBusiness(page);
  const ada = await withAda(page, sim);
  const tabs: Page[] = [page];
  for (let i = 1; i < TABS; i++) {
    await show(tabs.at(-1)!, 'hidden');
    tabs.push(...(await openTabs(context, 1)));
  }
  await sim.text(ada.phone, OUR_NUMBER, 'Is there parking?');
  await shows(tabs.at(-1)!, ada, 'Is there parking?');
  await expect(row(tabs[3], ada)).not.toContainText('Is there parking?');

  await show(tabs.at(-1)!, 'hidden');
  await show(tabs[3], 'visible');
  await shows(tabs[3], ada, 'Is there parking?');
});

for (const [what, shared, instead] of [
  ['a shared worker that does not load', true, '/live/gone.js'],
  ['a tab’s own worker that does not load', false, '/live/gone.js'],
  ['a worker that says nothing', false, '/live/silent.js'],
] as const) {
  test(`${what} is said and asked for again`, async ({ page, sim }) => {
    await newBusiness(page);
    const ada = await withAda(page, sim);
    await page.route('**/live/silent.js', (route) => route.fulfill({ contentType: 'text/javascript', body: '' }));
    await page.addInitScript(({ shared, instead }) => {
      if (!shared) Reflect.deleteProperty(window, 'SharedWorker');
      const kind = shared ? 'SharedWorker' : 'Worker';
      const Real = window[kind];
      Object.assign(window, {
        workerIsThere: false,
        asked: 0,
        [kind]: class extends Real {
          constructor(url: string) {
            (window as unknown as { asked: number }).asked++;
            super((window as unknown as { workerIsThere: boolean }).workerIsThere ? url : instead);
          }
        },
      });
    }, { shared, instead });
    const away = page.getByText('Reconnecting…');
    await page.goto('/inbox');
    await expect(away).toBeVisible();
    await sim.text(ada.phone, OUR_NUMBER, 'Is there parking?');
    await expect(page.locator('html')).toHaveAttribute('data-live', 'away');
    await expect(row(page, ada)).not.toContainText('Is there parking?');

    await expect.poll(() => page.evaluate(() => (window as unknown as { asked: number }).asked), 'it is asked for again').toBeGreaterThan(2);
    await page.evaluate(() => Object.assign(window, { workerIsThere: true }));
    await shows(page, ada, 'Is there parking?');
    await isLive(page);
    await expect(away).toBeHidden();
  });
}

test('signing out in one tab leads all tabs of that person to the door', async ({ page, context }) => {
  await newBusiness(page);
  const [first, second] = await openTabs(context, 2);
  await signOut(first);
  await expect(second).toHaveURL(/\/signin/);
});

test('tabs of two people in one browser share nothing', async ({ page, context, sim }) => {
  const before = await newBusiness(page);
  await page.goto('/inbox');
  await isLive(page);
  // Somebody else signs in at the same browser, while that page stays open.
  const other = await context.newPage();
  const after = await newBusiness(other);
  const ada = await withAda(other, sim);
  await other.goto('/inbox');
  await isLive(other);
  await sim.text(ada.phone, OUR_NUMBER, 'Is there parking?');
  await shows(other, ada, 'Is there parking?');
  await expect(page.getByText(before.business).locator('visible=true').first()).toBeVisible();
  await expect(other.getByText(after.business).locator('visible=true').first()).toBeVisible();
  await expect(row(page, ada)).toHaveCount(0);

  await signOut(other);
  await expect(page.getByText(before.business).locator('visible=true').first(), 'nor is the other one sent to the door').toBeVisible();
});

test('a thread that nobody looks at stays unread', async ({ page, context, sim }) => {
  await newBusiness(page);
  const ada = await withAda(page, sim);
  const thread = page.url();
  await page.goto('/inbox');
  await isLive(page);
  await sim.text(ada.phone, OUR_NUMBER, 'Is there parking?');
  await shows(page, ada, 'Is there parking?');

  const behind = await context.newPage();
  await behind.addInitScript(() => {
    const hidden = { state: 'hidden' };
    Object.defineProperty(document, 'visibilityState', { get: () => hidden.state });
    Object.assign(window, { hidden });
  });
  await behind.goto(thread);
  await isLive(behind);
  await expect(behind.getByRole('group', { name: 'Messages' })).toContainText('Is there parking?');
  await expect(behind.getByRole('button', { name: 'Mark as read' })).toBeVisible();
  await expect(row(page, ada)).toHaveAttribute('data-unread', '1');

  await behind.evaluate(() => {
    (window as unknown as { hidden: { state: string } }).hidden.state = 'visible';
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
  });
  await expect(row(page, ada)).toHaveAttribute('data-unread', '0');
  await expect(behind.getByRole('button', { name: 'Mark as read' })).toBeHidden();
});
