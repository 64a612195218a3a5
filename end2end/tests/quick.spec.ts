// What is sent every day with a few keys: quick replies, macros, the command bar.
import { OUR_NUMBER, appears, bubble, expect, look, newBusiness, newConversation, newCustomer, newVisit, open, post, send, test, type Customer, type Sim } from '../helpers';
import type { Page } from '@playwright/test';

const PAGE = '/settings/quick-replies';
const reply = (page: Page) => page.getByLabel('Reply', { exact: true });
const actions = (page: Page) => page.getByRole('group', { name: 'This conversation' });
const bar = (page: Page) => page.getByRole('dialog', { name: 'Commands' });

async function quickReply(page: Page, name: string, body: string, more: Record<string, string> = {}) {
  await post(page, PAGE, 'save_quick_reply', { id: '', name, body, assign: '', tag: '', task: '', afterwards: '', ...more });
}

/** Ada has asked something, and her conversation is open. */
async function adaAsks(page: Page, sim: Sim): Promise<Customer> {
  const ada = await newCustomer(page);
  await newConversation(page, ada);
  await send(page, 'Anything we should know?');
  await sim.received(ada.phone, 'Anything we should know?');
  await sim.text(ada.phone, OUR_NUMBER, 'Is there parking?');
  await appears(page, bubble(page, 'Is there parking?'));
  return ada;
}

test('quick replies are added, changed and deleted', { tag: ['@form', '@phone'] }, async ({ page }) => {
  await newBusiness(page);
  await open(page, PAGE);
  await expect(page.getByText('No quick replies yet')).toBeVisible();
  await page.locator('summary').filter({ hasText: 'Add a quick reply' }).click();
  await page.getByLabel('Name').fill('Parking');
  await page.getByLabel('Text', { exact: true }).fill('Behind the house, {{ first_name }}.');
  await page.getByLabel('And then').selectOption('Close it');
  await page.getByRole('button', { name: 'Save quick reply' }).click();
  const one = page.getByRole('listitem').filter({ hasText: 'Behind the house' });
  await expect(one).toContainText('close the conversation');
  await look(page, 'quick-replies');

  await one.locator('summary').filter({ hasText: 'Change' }).click();
  await one.getByLabel('Text', { exact: true }).fill('Behind the house, {{ nickname }}.');
  await one.getByRole('button', { name: 'Save quick reply' }).click();
  await expect(page.getByText('There is no variable called nickname')).toBeVisible();
  await one.getByLabel('Text', { exact: true }).fill('At the back, {{ first_name }}.');
  await one.getByRole('button', { name: 'Save quick reply' }).click();
  const changed = page.getByRole('listitem').filter({ hasText: 'At the back' });
  await expect(changed).toBeVisible();
  await changed.locator('summary').filter({ hasText: 'Delete…' }).click();
  await changed.getByRole('button', { name: 'Delete it' }).click();
  await expect(page.getByText('No quick replies yet')).toBeVisible();
});

test('a slash finds a quick reply, its gaps are filled, and one that is left is not sent', async ({ page, sim }) => {
  await newBusiness(page);
  await quickReply(page, 'Parking', 'Behind the house, {{ first_name }}.');
  await quickReply(page, 'Visit', 'See you on {{ date }}.');
  const ada = await adaAsks(page, sim);
  await reply(page).pressSequentially('/');
  const list = page.getByRole('listbox', { name: 'Quick replies' });
  await expect(list.getByRole('option')).toHaveCount(2);
  await expect(list.getByRole('option').first()).toContainText('Behind the house, Ada.');
  await expect(list.getByRole('option').first()).toContainText('1 text');
  await look(page, 'quick-reply-list');
  await page.keyboard.press('ArrowDown');
  await expect(list.getByRole('option', { selected: true })).toContainText('Visit');
  await page.keyboard.press('Escape');
  await expect(list).toBeHidden();
  await expect(reply(page)).toBeFocused();

  await reply(page).pressSequentially('par');
  await page.keyboard.press('Tab');
  await expect(reply(page)).toHaveValue('Behind the house, Ada.');
  await page.keyboard.press('Enter');
  await sim.received(ada.phone, 'Behind the house, Ada.');

  await reply(page).pressSequentially('/visit');
  await expect(page.getByRole('option').first()).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert').filter({ hasText: '{{ date }} has no value here' })).toBeVisible();
  await look(page, 'quick-reply-gap', ['desktop']);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await expect(reply(page), 'it is still here').toHaveValue('See you on {{ date }}.');
  // The gap is marked: what is typed takes its place.
  await page.keyboard.type('Friday');
  await page.keyboard.press('Enter');
  await sim.received(ada.phone, 'See you on Friday.');
});

test('a macro shows what it will do, and does it in one go', async ({ page, sim }) => {
  await newBusiness(page);
  await quickReply(page, 'Done', 'It is on {{ date }} at {{ time }}.', { assign: 'me', tag: 'parking', task: 'Keep a place free', afterwards: 'close' });
  const ada = await newCustomer(page);
  await newVisit(page, ada);
  await newConversation(page, ada);
  await reply(page).pressSequentially('/do');
  await expect(page.getByRole('option').first()).toBeVisible();
  await page.keyboard.press('Enter');
  const preview = page.getByRole('group', { name: 'What this macro does' });
  await expect(preview).toContainText('assign to me · tag the person “parking” · add the task “Keep a place free” · close the conversation');
  await expect(reply(page)).toHaveValue(/^It is on \w+, \w+ \d+ at 3:30 PM\.$/);
  await look(page, 'macro');
  await preview.getByRole('button', { name: 'Do it' }).click();
  await sim.received(ada.phone, / at 3:30 PM/);
  await expect(actions(page).getByRole('button', { name: 'Reopen' })).toBeVisible();
  await expect(actions(page).locator('summary').filter({ hasText: 'Robin Okafor' })).toBeVisible();
  await expect(preview).toBeHidden();
  await expect(reply(page)).toHaveValue('');
  await open(page, '/tasks');
  await expect(page.getByText('Keep a place free')).toBeVisible();
});

test('Control, Shift and Enter reply and close', async ({ page, sim }) => {
  await newBusiness(page);
  const ada = await adaAsks(page, sim);
  await reply(page).fill('Behind the house.');
  await page.keyboard.press('Control+Shift+Enter');
  await sim.received(ada.phone, 'Behind the house.');
  await expect(actions(page).getByRole('button', { name: 'Reopen' })).toBeVisible();
});

test('the command bar finds actions, pages, macros and people', async ({ page, sim }) => {
  await newBusiness(page);
  await quickReply(page, 'Parking', 'Behind the house.');
  const ada = await adaAsks(page, sim);
  await reply(page).focus();
  await page.keyboard.press('Control+k');
  const field = bar(page).getByRole('combobox');
  await expect(field).toBeFocused();
  const options = bar(page).getByRole('option');
  await expect(options.filter({ hasText: 'Snooze' })).toBeVisible();
  await look(page, 'commands');
  // What has the focus stays inside.
  for (let i = 0; i < 4; i++) await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement === document.body || document.activeElement?.closest('dialog') !== null)).toBe(true);
  await page.keyboard.press('Escape');
  await expect(bar(page)).toBeHidden();
  await expect(reply(page)).toBeFocused();

  await page.keyboard.press('Control+k');
  await field.fill('parking');
  await expect(options).toHaveCount(1);
  await page.keyboard.press('Enter');
  await expect(reply(page)).toHaveValue('Behind the house.');

  await page.keyboard.press('Control+k');
  await field.fill('snooze');
  await page.keyboard.press('Enter');
  await expect(actions(page).getByRole('button', { name: /^Tomorrow/ })).toBeVisible();

  await page.keyboard.press('Control+k');
  await field.fill(ada.name);
  await expect(options.filter({ hasText: ada.name })).toBeVisible();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(new RegExp(`/contacts/${ada.id}`));

  await page.keyboard.press('Control+k');
  await field.fill('message log');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/log/);
});

test('single keys close and go on, and mark as unread', async ({ page, sim }) => {
  await newBusiness(page);
  const ada = await adaAsks(page, sim);
  const ben = await newCustomer(page, 'Ben Winter');
  await newConversation(page, ben);
  await send(page, 'Hello Ben');
  await sim.received(ben.phone, 'Hello Ben');
  const row = ({ name }: Customer) => page.getByRole('region', { name: 'Conversations' }).getByRole('link').filter({ hasText: name });
  await page.locator('body').press('Escape');
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  await page.keyboard.press(']');
  await expect(page.getByRole('region', { name: 'Conversation', exact: true }).getByRole('heading', { name: ada.name })).toBeVisible();
  await expect(row(ben)).toContainText('Closed');
  await page.keyboard.press('.');
  await expect(actions(page).getByRole('button', { name: 'Mark as unread' })).toBeVisible();
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  await page.keyboard.press('Shift+U');
  await expect(page).toHaveURL(/\/inbox$/);
  await expect(row(ada)).toHaveAttribute('data-unread', '1');
});
