// The message log: what waits, what failed, and the two levers.
import { type Page } from '@playwright/test';
import { OUR_NUMBER, appears, expect, look, newBusiness, newConversation, newCustomer, open, scripted, send, setLimits, test, type Customer, type Sim } from '../helpers';

const row = (page: Page, text: string) => page.getByRole('main').getByRole('listitem').filter({ hasText: text });
const tick = (page: Page, text: string) => row(page, text).getByRole('checkbox');

/** One text that failed, and two that wait for the next hour. */
async function troubled(page: Page, sim: Sim): Promise<Customer> {
  await newBusiness(page);
  const ada = await newCustomer(page);
  await setLimits(page, { hourly: '1' });
  await newConversation(page, ada);
  await sim.fault({ kind: 'refuse', code: 21211, to: ada.phone });
  await send(page, 'This one fails');
  await appears(page, page.locator('[data-status=failed]'));
  await send(page, 'This one waits');
  await appears(page, page.getByRole('group', { name: 'Messages' }).getByText('This one waits'));
  await send(page, 'This one waits, too');
  await appears(page, page.getByText('texts an hour is this business').nth(1));
  return ada;
}

test('the log says what waits and why, and what failed', { tag: '@phone' }, async ({ page, sim, isMobile }) => {
  const ada = await troubled(page, sim);
  await open(page, '/inbox');
  if (isMobile) await page.locator('summary').filter({ hasText: 'Account' }).click();
  await page.getByRole('link', { name: 'Message log' }).locator('visible=true').click();
  await expect(page.getByRole('heading', { level: 1, name: 'Message log' })).toBeVisible();
  await expect(row(page, 'This one fails')).toContainText('Failed');
  await expect(row(page, 'This one fails')).toContainText('not a valid phone number');
  await expect(row(page, 'This one waits, too')).toContainText('Waiting');
  await expect(row(page, 'This one waits, too')).toContainText(/Waits until .*texts an hour/);
  await look(page, 'log-troubled');

  await page.getByRole('link', { name: 'Trouble' }).click();
  await expect(page).toHaveURL(/show=trouble/);
  await expect(row(page, 'This one fails')).toBeVisible();
  await expect(row(page, 'This one waits')).toHaveCount(0);
  await page.getByRole('link', { name: 'Waiting' }).click();
  await expect(row(page, 'This one waits')).toHaveCount(2);
  await expect(row(page, 'This one fails')).toHaveCount(0);
  await row(page, 'This one waits, too').getByRole('link', { name: ada.name }).click();
  await expect(page.getByRole('group', { name: 'Messages' })).toContainText('This one waits, too');
});

test('what failed is sent again, and what can’t be says why', { tag: '@form' }, async ({ page, sim }) => {
  const ada = await troubled(page, sim);
  await setLimits(page, { hourly: '100' });
  await sim.received(ada.phone, 'This one waits, too');
  await open(page, '/log');
  await page.getByRole('button', { name: 'Send again' }).click();
  await expect(page.getByText('Nothing was chosen.')).toBeVisible();

  await tick(page, 'This one fails').check();
  if (scripted()) await expect(page.getByText('1 chosen')).toBeVisible();
  await page.getByRole('button', { name: 'Send again' }).click();
  await expect(page.getByRole('status').filter({ hasText: '1 text is sent again.' })).toBeVisible();
  await sim.received(ada.phone, 'This one fails');
  await appears(page, row(page, 'This one fails').locator('[data-delivery=delivered]'));
  await expect(tick(page, 'This one fails'), 'there is nothing more to do about it').toHaveCount(0);
});

test('what waits is cancelled after a question', { tag: '@form' }, async ({ page, sim }) => {
  const ada = await troubled(page, sim);
  await open(page, '/log?show=waiting');
  await tick(page, 'This one waits, too').check();
  await row(page, 'This one waits').getByRole('checkbox').last().check();
  const question = page.getByRole('dialog');
  await page.getByRole('button', { name: 'Cancel', exact: true }).click();
  await expect(question).toContainText(scripted() ? 'Cancel 2 texts?' : 'Cancel the texts you have ticked?');
  await look(page, 'log-question');
  await question.getByRole('button', { name: 'Keep them' }).click();
  await expect(question).toBeHidden();
  await page.getByRole('button', { name: 'Cancel', exact: true }).click();
  await question.getByRole('button', { name: 'Yes, cancel them' }).click();
  await expect(page.getByText('2 texts are cancelled; they were not sent.')).toBeVisible();
  await appears(page, page.getByText('Nothing waits'));
  await look(page, 'log-cancelled');

  await open(page, '/log');
  await expect(row(page, 'This one waits').first()).toContainText('Cancelled by staff');
  expect(await sim.messages(ada.phone)).toEqual([]);
});

test('the log follows what happens, and what is ticked stays ticked', async ({ page, sim }) => {
  const ada = await troubled(page, sim);
  await open(page, '/log');
  await tick(page, 'This one fails').check();
  await tick(page, 'This one fails').focus();
  await sim.text(ada.phone, OUR_NUMBER, 'Is there parking?');
  await expect(row(page, 'Is there parking?')).toContainText('Received');
  await expect(tick(page, 'This one fails')).toBeChecked();
  await expect(tick(page, 'This one fails'), 'and keeps the focus').toBeFocused();
  await page.getByRole('button', { name: 'Choose all' }).click();
  await expect(page.getByText('3 chosen')).toBeVisible();
  await page.getByRole('button', { name: 'Choose all' }).click();
  await expect(page.getByText(/\d chosen/)).toBeHidden();
});

test('an act that partly can’t be done says so', async ({ page, sim }) => {
  await troubled(page, sim);
  await open(page, '/log');
  await tick(page, 'This one fails').check();
  await tick(page, 'This one waits, too').check();
  await page.getByRole('button', { name: 'Send again' }).click();
  await expect(page.getByText('1 text is sent again.')).toBeVisible();
  await expect(page.getByText('1 was left as it is. Only what failed or was cancelled can be sent again.')).toBeVisible();
});
