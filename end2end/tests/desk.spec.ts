// A front desk's day: what waits, who looks after it, what is put aside, and what the team tells each other.
import { OUR_NUMBER, appears, bubble, expect, isLive, look, newBusiness, newConversation, newCustomer, open, scripted, send, test, type Customer, type Sim } from '../helpers';
import type { Page } from '@playwright/test';

const list = (page: Page) => page.getByRole('region', { name: 'Conversations' });
const row = (page: Page, { name }: Customer) => list(page).getByRole('link').filter({ hasText: name });
const view = (page: Page, name: string) => page.getByRole('navigation', { name: 'Views of the inbox' }).getByRole('link', { name });
const actions = (page: Page) => page.getByRole('group', { name: 'This conversation' });

/** Ada has asked something and waits. */
async function adaAsks(page: Page, sim: Sim): Promise<Customer> {
  await newBusiness(page);
  const ada = await newCustomer(page);
  await newConversation(page, ada);
  await send(page, 'Anything we should know?');
  await sim.received(ada.phone, 'Anything we should know?');
  await sim.text(ada.phone, OUR_NUMBER, 'Can I bring my dog?');
  await appears(page, bubble(page, 'Can I bring my dog?'));
  return ada;
}

test('who waits stands under Needs answer until somebody says that no reply is needed', { tag: ['@form', '@phone'] }, async ({ page, sim }) => {
  const ada = await adaAsks(page, sim);
  const thread = page.url();
  await open(page, '/inbox');
  await view(page, 'Needs answer').click();
  await expect(row(page, ada)).toBeVisible();
  await look(page, 'needs-answer');
  await open(page, thread);
  await expect(actions(page)).toContainText('Waits since');
  await actions(page).getByRole('button', { name: 'No reply needed' }).click();
  await appears(page, actions(page).filter({ hasNotText: 'Waits since' }));
  await open(page, '/inbox?show=needs_answer');
  await expect(row(page, ada)).toBeHidden();
});

test('a conversation is given to somebody, put aside until tomorrow, closed and opened again', { tag: '@form' }, async ({ page, sim }) => {
  const ada = await adaAsks(page, sim);
  const thread = page.url();
  await actions(page).locator('summary').filter({ hasText: 'Nobody' }).click();
  await actions(page).getByRole('button', { name: '(me)' }).click();
  await appears(page, actions(page).locator('summary').filter({ hasText: 'Robin Okafor' }));
  await open(page, '/inbox?show=mine');
  await expect(row(page, ada)).toBeVisible();

  await open(page, thread);
  await actions(page).locator('summary').filter({ hasText: 'Snooze' }).click();
  await look(page, 'snooze', ['desktop']);
  await actions(page).getByRole('button', { name: /^Tomorrow/ }).click();
  await appears(page, actions(page).getByText('Snoozed until'));
  await open(page, '/inbox?show=snoozed');
  await expect(row(page, ada)).toBeVisible();

  await sim.text(ada.phone, OUR_NUMBER, 'Well?');
  await appears(page, list(page).getByText('Nothing is put aside'));
  await open(page, thread);
  await actions(page).getByRole('button', { name: 'Close', exact: true }).click();
  await appears(page, actions(page).getByRole('button', { name: 'Reopen' }));
  await open(page, '/inbox?show=closed');
  await expect(row(page, ada)).toBeVisible();
});

test('a note is for the team, and what is typed is kept', { tag: '@form' }, async ({ page, sim }) => {
  const ada = await adaAsks(page, sim);
  const thread = page.url();
  await page.locator('summary').filter({ hasText: 'Add a note for the team' }).click();
  await page.getByLabel('Note, not sent to the customer').fill('Dogs are fine on Fridays.');
  await page.getByRole('button', { name: 'Save note' }).click();
  await appears(page, page.getByRole('group', { name: 'Messages' }).getByText('Dogs are fine on Fridays.'));
  await look(page, 'note');
  expect((await sim.messages(ada.phone)).map((m) => m.body)).not.toContain('Dogs are fine on Fridays.');
  if (!scripted()) return;

  const saved = page.waitForResponse((response) => response.url().includes('save_draft'));
  await page.getByLabel('Reply', { exact: true }).pressSequentially('Yes, if it is');
  expect((await saved).ok()).toBe(true);
  await page.evaluate(() => sessionStorage.clear());
  await open(page, '/inbox');
  await page.reload();
  await open(page, thread);
  await expect(page.getByLabel('Reply', { exact: true })).toHaveValue('Yes, if it is');
  await send(page, 'Yes, if it is small.');
  await sim.received(ada.phone, 'Yes, if it is small.');
  await page.reload();
  await expect(page.getByLabel('Reply', { exact: true })).toHaveValue('');
});

test('a reply written past something newer is stopped, and sent only when asked again', async ({ page, context, sim }) => {
  const ada = await adaAsks(page, sim);
  // A page that the news does not reach: it has a stream of its own, and that is cut.
  const stale = await context.newPage();
  await stale.addInitScript(() => Reflect.deleteProperty(window, 'SharedWorker'));
  await stale.route('**/live**', (route) => route.abort());
  await stale.goto(page.url());
  await expect(bubble(stale, 'Can I bring my dog?')).toBeVisible();
  await expect(stale.locator('html'), 'its scripts run').toHaveAttribute('data-live', 'away');
  await sim.text(ada.phone, OUR_NUMBER, 'Sorry, two dogs');
  await appears(page, bubble(page, 'Sorry, two dogs'));

  await stale.getByLabel('Reply', { exact: true }).fill('One dog is fine.');
  await stale.getByRole('button', { name: 'Send', exact: true }).click();
  const stopped = bubble(stale, 'One dog is fine.');
  await expect(stopped).toContainText('Something newer stands in this conversation');
  await look(stale, 'stopped', ['desktop']);
  expect((await sim.messages(ada.phone)).map((m) => m.body)).not.toContain('One dog is fine.');
  await stopped.getByRole('button', { name: 'Edit' }).click();
  await expect(stale.getByLabel('Reply', { exact: true })).toHaveValue('One dog is fine.');
  await stale.getByRole('button', { name: 'Send', exact: true }).click();
  await stopped.getByRole('button', { name: 'Send anyway' }).click();
  await sim.received(ada.phone, 'One dog is fine.');
});

test('single keys move through the inbox, are told by a sheet, and can be switched off', async ({ page, sim }) => {
  const ada = await adaAsks(page, sim);
  await open(page, '/inbox');
  await isLive(page);
  await page.keyboard.press('j');
  await expect(row(page, ada)).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(bubble(page, 'Can I bring my dog?')).toBeVisible();
  await page.keyboard.press('r');
  await expect(page.getByLabel('Reply', { exact: true })).toBeFocused();
  await page.keyboard.type('e?');
  await expect(page.getByLabel('Reply', { exact: true }), 'who types is typing').toHaveValue('e?');
  await page.keyboard.press('Escape');
  await page.keyboard.press('?');
  const sheet = page.getByRole('dialog', { name: 'Keys' });
  await expect(sheet).toBeVisible();
  await look(page, 'keys', ['desktop']);
  await page.keyboard.press('Escape');
  await expect(sheet).toBeHidden();
  await page.keyboard.press('e');
  await expect(actions(page).getByRole('button', { name: 'Reopen' })).toBeVisible();
});
