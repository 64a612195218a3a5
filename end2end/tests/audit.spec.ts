// The audit trail: who changed what, with what it was before; narrowed, and as a file; and what staff are not offered.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { axe, expect, look, newBusiness, newCustomer, open, setLimits, signIn, test } from '../helpers';

test('who changed what is told, narrowed by a form, and taken as a file', { tag: ['@form', '@phone'] }, async ({ page }) => {
  await newBusiness(page);
  const ada = await newCustomer(page);
  await setLimits(page, { budget: '25', hourly: '500' });
  await open(page, '/settings/audit');
  const trail = page.getByRole('main').getByRole('listitem');
  const change = trail.filter({ hasText: 'Limits of texts changed' }).first();
  await expect(change).toContainText('Texts an hour');
  await expect(change).toContainText('500');
  await axe(page);
  await look(page, 'audit');
  await page.getByLabel('What', { exact: true }).selectOption('Contacts');
  await page.getByLabel('About whom').fill(ada.name);
  await page.getByRole('button', { name: 'Show' }).click();
  await expect(page.getByText(`Only what is about ${ada.name}.`)).toBeVisible();
  await expect(trail.filter({ hasText: 'Contact added' }).first()).toBeVisible();
  await expect(trail.filter({ hasText: 'Limits of texts changed' })).toHaveCount(0);
  const file = page.getByRole('link', { name: 'CSV' });
  const text = await (await page.request.get((await file.getAttribute('href'))!)).text();
  expect(text).toContain('contact.created');
  expect(text).not.toContain('business.sending_updated');
  await page.getByRole('link', { name: 'Everything' }).click();
  await expect(trail.filter({ hasText: 'Audit trail downloaded' }).first()).toBeVisible();
});

test('staff are not offered what they may not, and are refused when they try', { tag: '@form' }, async ({ page, browser }) => {
  const owner = await newBusiness(page);
  const showup = process.env.SHOWUP_BIN ?? join(__dirname, '../../target/debug/showup');
  const slug = owner.business.toLowerCase().replace(/ /g, '-');
  const account = { email: `sam.${owner.email}`, password: owner.password };
  execFileSync(showup, ['admin', 'add-member', '--business', slug, '--role', 'staff', '--name', 'Sam Lee', '--email', account.email, '--password', account.password]);
  const context = await browser.newContext();
  const sam = await context.newPage();
  await signIn(sam, account);
  await open(sam, '/settings');
  await expect(sam.getByRole('main').getByRole('link', { name: 'Quiet hours' })).toBeVisible();
  for (const path of ['audit', 'keys', 'people', 'twilio']) await expect(sam.locator(`a[href="/settings/${path}"]`)).toHaveCount(0);
  await open(sam, '/settings/hours');
  await expect(sam.getByText('Only owners and admins change these.')).toBeVisible();
  await expect(sam.getByRole('button', { name: 'Save quiet hours' })).toHaveCount(0);
  await sam.goto('/settings/audit');
  await expect(sam.getByText('Only an owner or admin of this business may do that.')).toBeVisible();
  await open(sam, '/contacts');
  await expect(sam.getByRole('link', { name: 'Download as CSV' })).toHaveCount(0);
  await context.close();
});
