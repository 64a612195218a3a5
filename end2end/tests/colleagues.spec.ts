// Two people at one desk: who looks at a conversation and who writes there is seen by the other.
import { OUR_NUMBER, appears, bubble, expect, isLive, look, newBusiness, newColleague, newConversation, newCustomer, open, send, test } from '../helpers';
import type { Page } from '@playwright/test';

const onTop = (page: Page) => page.getByRole('region', { name: 'Conversation', exact: true }).locator('[data-present]');
const row = (page: Page, name: string) => page.getByRole('region', { name: 'Conversations' }).getByRole('link').filter({ hasText: name });

test('a colleague is seen viewing, then writing, then gone', async ({ page, browser, sim }) => {
  const owner = await newBusiness(page);
  const ada = await newCustomer(page);
  await newConversation(page, ada);
  const thread = page.url();
  await send(page, 'Anything we should know?');
  await sim.received(ada.phone, 'Anything we should know?');
  await expect(onTop(page), 'oneself is not shown').toBeEmpty();

  const maya = await newColleague(browser, owner);
  await open(maya, thread);
  await expect(onTop(page)).toContainText('Maya Lopez is viewing');
  await expect(onTop(maya)).toContainText('Robin Okafor is viewing');
  await expect(row(page, ada.name)).toContainText('Maya Lopez is viewing');
  await expect(row(page, ada.name).locator('.present')).toHaveText('ML');
  await look(page, 'colleague-viewing');

  await maya.getByLabel('Reply', { exact: true }).pressSequentially('Bring your card');
  await expect(onTop(page)).toContainText('Maya Lopez is writing…');
  await expect(onTop(page).locator('.present[data-writing] svg'), 'a different shape, with a pen').toBeVisible();
  await expect(row(page, ada.name).locator('.present[data-writing]')).toBeVisible();
  await look(page, 'colleague-writing', ['desktop']);
  // She thinks: after five seconds she is viewing again.
  await expect(onTop(page)).toContainText('Maya Lopez is viewing', { timeout: 15_000 });
  await maya.getByLabel('Reply', { exact: true }).press('Enter');
  await appears(page, bubble(page, 'Bring your card'));

  // Who opens the list later sees it from the start.
  await open(page, '/inbox');
  await expect(row(page, ada.name)).toContainText('Maya Lopez is viewing');
  await maya.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Tasks' }).click();
  await expect(row(page, ada.name)).not.toContainText('Maya Lopez');
});

test('a tab that nobody looks at views nothing', async ({ page, browser }) => {
  const owner = await newBusiness(page);
  await newConversation(page, await newCustomer(page));
  const maya = await newColleague(browser, owner);
  await maya.addInitScript(() => {
    let state: DocumentVisibilityState = 'visible';
    Object.defineProperty(document, 'visibilityState', { get: () => state });
    Object.assign(window, {
      show: (as: DocumentVisibilityState) => {
        state = as;
        document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
      },
    });
  });
  const show = (as: string) => maya.evaluate((as) => (window as unknown as { show(as: string): void }).show(as), as);
  await open(maya, page.url());
  await expect(onTop(page)).toContainText('Maya Lopez is viewing');
  await show('hidden');
  await expect(onTop(page)).not.toContainText('Maya Lopez');
  await show('visible');
  await expect(onTop(page)).toContainText('Maya Lopez is viewing');
});

test('somebody of another business is seen by nobody here', async ({ page, browser, sim }) => {
  await newBusiness(page);
  const ada = await newCustomer(page);
  await newConversation(page, ada);
  await send(page, 'Hello Ada');
  await sim.received(ada.phone, 'Hello Ada');
  const elsewhere = await (await browser.newContext()).newPage();
  await newBusiness(elsewhere);
  await elsewhere.goto(page.url());
  await expect(elsewhere.getByRole('alert').filter({ hasText: 'There is no such conversation' })).toBeVisible();
  await sim.text(ada.phone, OUR_NUMBER, 'Hello Robin');
  await appears(page, bubble(page, 'Hello Robin'));
  await isLive(page);
  await expect(onTop(page)).toBeEmpty();
});
