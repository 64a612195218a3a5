// A business that signs up on the page reaches its first delivered reminder without a console; and the pages around that: first steps,
// examples, the self-test.
import { type Page } from '@playwright/test';
import { axe, expect, inDays, newBusiness, newPhone, open, signUp, test } from '../helpers';

const step = (page: Page, key: string) => page.locator(`[data-step=${key}]`);
const isDone = (page: Page, key: string) => expect(step(page, key)).toHaveAttribute('data-done', 'true');
const isOpen = (page: Page, key: string) => expect(step(page, key)).toHaveAttribute('data-done', 'false');

test('from signing up to the first reminder that arrives', { tag: '@form' }, async ({ page, sim }) => {
  const phone = newPhone();
  await signUp(page);
  await expect(page.getByRole('heading', { name: /First steps: \d of 6 done/ })).toBeVisible();
  await page.getByRole('link', { name: 'Go on' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'First steps' })).toBeVisible();
  // The installation of these tests has an account and a number that it shares.
  await isDone(page, 'twilio');
  await isDone(page, 'number');
  await isOpen(page, 'contact');
  await axe(page);

  await step(page, 'contact').getByRole('link').click();
  await page.getByLabel('Name').fill('Robin Okafor');
  await page.getByLabel('Phone').fill(phone);
  await page.getByRole('button', { name: 'Save contact' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Robin Okafor' })).toBeVisible();

  await page.goto('/setup');
  await isDone(page, 'contact');
  await isOpen(page, 'visit');
  await step(page, 'visit').getByRole('link').click();
  const choice = page.getByLabel('Contact', { exact: true });
  const id = await choice.locator('option', { hasText: 'Robin Okafor' }).first().getAttribute('value');
  await choice.selectOption(id!);
  await page.getByLabel('Date and time').fill(inDays(3));
  await page.getByRole('button', { name: 'Save appointment' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Robin Okafor' })).toBeVisible();

  await page.getByRole('button', { name: /remind/i }).first().click();
  const text = await sim.received(phone, /Reply Y/);
  expect(text.status).toBeTruthy();

  await expect(async () => {
    await page.goto('/setup');
    await expect(step(page, 'reminder')).toHaveAttribute('data-done', 'true', { timeout: 1_000 });
  }).toPass();
  // A browser whose script had not come by then has told no time zone at the sign-up.
  if ((await step(page, 'business').getAttribute('data-done')) === 'false') {
    await open(page, '/settings/business');
    await page.getByLabel('Time zone').fill('America/Chicago');
    await page.getByRole('button', { name: 'Save settings' }).click();
    await expect(page.getByText('Saved.')).toBeVisible();
    await page.goto('/setup');
  }
  await expect(page.getByText('All of it is done')).toBeVisible();
  await page.goto('/today');
  await expect(page.getByRole('heading', { name: /First steps/ })).toHaveCount(0);
});

test('examples come and go, and the first steps can be put away', { tag: '@form' }, async ({ page }) => {
  await newBusiness(page);
  await page.goto('/setup');
  await page.getByRole('button', { name: 'Add examples' }).click();
  await expect(page.getByRole('button', { name: 'Remove the examples' })).toBeVisible();
  await page.goto('/contacts');
  await expect(page.getByText('Maya Lindgren (example)')).toBeVisible();
  await page.goto('/setup');
  await page.getByRole('button', { name: 'Remove the examples' }).click();
  await expect(page.getByRole('button', { name: 'Add examples' })).toBeVisible();
  await page.goto('/contacts');
  await expect(page.getByText('Maya Lindgren (example)')).toHaveCount(0);
  await page.goto('/setup');
  await page.getByRole('button', { name: 'Put away' }).click();
  await expect(page.getByRole('button', { name: 'Show on Today again' })).toBeVisible();
  await page.goto('/today');
  await expect(page.getByRole('heading', { level: 1, name: 'Today' })).toBeVisible();
  await expect(page.getByRole('heading', { name: /First steps/ })).toHaveCount(0);
});

test('the self-test runs, shows how far it is, and says what it found', async ({ page }) => {
  await newBusiness(page);
  await page.goto('/settings/self-test');
  await expect(page.getByText('It has not run yet.')).toBeVisible();
  await axe(page);
  await page.getByRole('button', { name: 'Run now' }).click();
  await expect(page.locator('[data-line=account]')).toContainText('is active');
  await expect(page.locator('[data-line=reach]')).toContainText('this installation answered');
  await expect(page.locator('[data-line=signature]')).toContainText('one with a wrong signature was refused');
  await axe(page);
});
