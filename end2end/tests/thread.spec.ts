// A long thread: it begins at its end, older messages come as one scrolls, and a day or the first new text is one press away.
import { OUR_NUMBER, appears, bubble, expect, isLive, look, newBusiness, newConversation, newCustomer, open, send, test } from '../helpers';
import type { Page } from '@playwright/test';

const box = (page: Page) => page.getByRole('group', { name: 'Messages' });
const line = (page: Page, n: number) => bubble(page, `Line ${n}.`);
/** More than a page of messages, and more than fit under the newest. */
const MANY = 130;

async function longThread(page: Page, sim: { text(from: string, to: string, body: string): Promise<void>; received(to: string, text: string): Promise<unknown> }) {
  await newBusiness(page);
  const ada = await newCustomer(page);
  await newConversation(page, ada);
  await send(page, 'Anything we should know?');
  await sim.received(ada.phone, 'Anything');
  await open(page, '/today');
  for (let n = 1; n <= MANY; n++) await sim.text(ada.phone, OUR_NUMBER, `Line ${n}.`);
  return ada;
}

test('older messages come as one scrolls, and nothing moves under the reader', async ({ page, sim }) => {
  const ada = await longThread(page, sim);
  await open(page, '/inbox');
  await page.getByRole('region', { name: 'Conversations' }).getByRole('link').filter({ hasText: `Line ${MANY}.` }).click();
  await expect(line(page, MANY)).toBeVisible();
  await isLive(page);
  await expect(line(page, 20)).toHaveCount(0);
  await box(page).hover();
  await expect(async () => {
    await page.mouse.wheel(0, -500);
    await expect(line(page, 1)).toBeVisible({ timeout: 200 });
  }).toPass({ timeout: 120_000 });
  await expect(page.getByRole('link', { name: 'Show earlier messages' })).toBeHidden();
  // What comes now does not take the reader away from where they are.
  const at = () => line(page, 1).evaluate((element) => element.getBoundingClientRect().top);
  const before = await at();
  await sim.text(ada.phone, OUR_NUMBER, 'One more.');
  await expect(bubble(page, 'One more.')).toHaveCount(1);
  expect(Math.abs((await at()) - before)).toBeLessThan(2);
});

test('the first new text is one press away, and marked', { tag: '@form' }, async ({ page, sim }) => {
  await longThread(page, sim);
  await open(page, '/inbox');
  await page.getByRole('region', { name: 'Conversations' }).getByRole('link').filter({ hasText: `Line ${MANY}.` }).click();
  await page.getByRole('link', { name: 'First unread' }).click();
  await expect(line(page, 1)).toBeInViewport();
  await expect(page.getByText('New', { exact: true })).toBeVisible();
  await look(page, 'first-unread', ['desktop']);
  await page.getByRole('link', { name: 'Show newest messages' }).click();
  await appears(page, line(page, MANY));
});

test('a date leads to its messages', { tag: ['@form', '@phone'] }, async ({ page, sim }) => {
  await longThread(page, sim);
  await open(page, '/inbox');
  await page.getByRole('region', { name: 'Conversations' }).getByRole('link').filter({ hasText: `Line ${MANY}.` }).click();
  await expect(line(page, MANY)).toBeVisible();
  await page.getByRole('group', { name: 'This conversation' }).locator('summary').filter({ hasText: 'More' }).click();
  await page.getByLabel('Messages of').fill('2020-01-01');
  await page.getByRole('button', { name: 'Go to date' }).click();
  await expect(bubble(page, 'Anything we should know?')).toBeInViewport();
  await expect(line(page, MANY)).toHaveCount(0);
  if (test.info().project.use.javaScriptEnabled === false) {
    await page.getByRole('link', { name: 'Show later messages' }).click();
    await expect(line(page, 60)).toBeAttached();
    return;
  }
  await expect(async () => {
    await box(page).evaluate((box) => box.scrollBy(0, 600));
    await expect(line(page, 60)).toBeAttached({ timeout: 200 });
  }).toPass({ timeout: 120_000 });
});
