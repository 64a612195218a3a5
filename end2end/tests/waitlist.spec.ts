// The waitlist: somebody joins by the public form, a time comes free, and the board shows who is asked.
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { type Sim, appears, expect, inDays, look, newBusiness, newCustomer, newPhone, open, post, test } from '../helpers';

/** Switches the public form on, and gives its address. */
async function publicForm(page: Page) {
  await page.goto('/settings/waitlist');
  await page.getByLabel('Customers may join by themselves').check();
  await page.getByRole('button', { name: 'Save form' }).click();
  const form = page.getByRole('region', { name: 'Public form' });
  await expect(form.getByText('Saved.')).toBeVisible();
  return form.locator('code', { hasText: '/w/' }).innerText();
}

/** The six digits of the text that arrived on a phone. */
async function codeOn(sim: Sim, phone: string) {
  const { body } = await sim.received(phone, /\b\d{6}\b/);
  return body.match(/\b\d{6}\b/)![0];
}

const card = (page: Page, column: string) => page.locator(`[data-column=${column}] [data-slot]`);

test('a stranger joins on a phone without scripts, and leaves by the link', { tag: '@form' }, async ({ page, browser, sim }) => {
  await newBusiness(page);
  const url = await publicForm(page);
  const number = newPhone();

  const phone = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 360, height: 740 } });
  const theirs = await phone.newPage();
  await theirs.goto(url);
  await expect(theirs.getByRole('heading', { name: 'Join the waitlist' })).toBeVisible();
  const wide = await theirs.evaluate(() => document.documentElement.scrollWidth).catch(() => 0);
  expect(wide).toBeLessThanOrEqual(360);
  await theirs.getByLabel('Your name').fill('Stella Stranger');
  await theirs.getByLabel('Your mobile number').fill(number);
  await theirs.getByLabel('Mornings').check();
  await theirs.getByRole('button', { name: 'Text me a code' }).click();
  // Nothing that was typed is lost when something is missing.
  await expect(theirs.getByRole('alert')).toContainText('tick this');
  await expect(theirs.getByLabel('Your name')).toHaveValue('Stella Stranger');
  await theirs.getByLabel(/I agree that/).check();
  await theirs.getByRole('button', { name: 'Text me a code' }).click();
  await expect(theirs.getByRole('heading', { name: 'Type the code' })).toBeVisible();
  const code = await codeOn(sim, number);
  await theirs.getByLabel('Code', { exact: true }).fill(code);
  await theirs.getByRole('button', { name: 'Join the waitlist' }).click();
  await expect(theirs.getByRole('heading', { name: 'You’re on the waitlist' })).toBeVisible();

  await page.goto('/waitlist/people');
  await expect(page.getByRole('link', { name: 'Stella Stranger' })).toBeVisible();
  await look(page, 'waitlist-people', ['desktop']);

  await theirs.getByText('Leave the waitlist').click();
  await theirs.getByRole('button', { name: 'Yes, take me off the list' }).click();
  await expect(theirs.getByRole('heading', { name: 'You’re not on the waitlist' })).toBeVisible();
  await phone.close();
  await page.reload();
  await expect(page.getByText('Nobody waits', { exact: true })).toBeVisible();
});

test('a time that is opened by hand is offered, and the board shows it without being loaded anew', async ({ page, sim }) => {
  await newBusiness(page);
  const ana = await newCustomer(page);
  await post(page, `/waitlist/new?contact=${ana.id}`, 'add_entry', { contact_id: ana.id, notes: '' });
  await open(page, '/waitlist');
  await expect(page.getByText('No time is free', { exact: true })).toBeVisible();

  const path = await post(page, '/waitlist/open', 'open_slot', { starts_at: `${inDays(3).slice(0, 10)}T10:00`, minutes: '30' });
  const offering = card(page, 'offering');
  await expect(offering).toHaveCount(1);
  await expect(offering.locator('[data-offer=sent]')).toBeVisible();
  await expect(offering.locator('[data-clock]')).toHaveText(/^\d?\d:\d\d/);
  await look(page, 'waitlist-board', ['desktop', 'phone']);

  const { from } = await sim.received(ana.phone, 'Reply Y');
  await sim.text(ana.phone, from!, 'Y');
  await expect(card(page, 'taken')).toHaveCount(1);
  await expect(card(page, 'taken').locator('[data-offer=taken]')).toBeVisible();
  await open(page, path);
  await expect(page.getByRole('link', { name: 'Open the visit' })).toBeVisible();
});

test('staff skip somebody, book by hand, and give a time up', { tag: '@form' }, async ({ page }) => {
  await newBusiness(page);
  const [ana, ben] = [await newCustomer(page), await newCustomer(page)];
  await post(page, `/waitlist/new?contact=${ana.id}`, 'add_entry', { contact_id: ana.id, notes: '' });
  const starts = (days: number) => `${inDays(days).slice(0, 10)}T10:00`;
  const first = await post(page, '/waitlist/open', 'open_slot', { starts_at: starts(3), minutes: '30' });
  await page.goto(first);
  await appears(page, page.locator('[data-offer=sent]'));
  await page.getByRole('button', { name: /^Skip/ }).click();
  await expect(page.locator('[data-offer=withdrawn]')).toBeVisible();

  await page.getByRole('region', { name: 'Book it by hand' }).getByLabel('Contact', { exact: true }).selectOption(ben.id);
  await page.getByRole('button', { name: 'Book it', exact: true }).click();
  await expect(page.getByRole('link', { name: 'Open the visit' })).toBeVisible();

  const second = await post(page, '/waitlist/open', 'open_slot', { starts_at: starts(4), minutes: '30' });
  await page.goto(second);
  await page.getByRole('button', { name: 'Stop offering' }).click();
  await expect(page.getByText('Given up')).toBeVisible();
});

test('what somebody waits for is changed, and they are taken off the list', { tag: '@form' }, async ({ page }) => {
  await newBusiness(page);
  const ana = await newCustomer(page);
  await page.goto(`/contacts/${ana.id}`);
  await page.getByRole('link', { name: 'Put on the waitlist' }).click();
  await page.getByLabel('Tue').check();
  await page.getByLabel('Not before').fill('09:00');
  await page.getByLabel('Over by').fill('12:00');
  await page.getByRole('button', { name: 'Put them on the list' }).click();
  await expect(page.getByText('Tue 09:00–12:00')).toBeVisible();
  await page.locator('[data-entry] a').first().click();
  await page.getByLabel('How soon they need it').selectOption('urgent');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await expect(page.getByText('Saved.')).toBeVisible();
  // The times were not touched.
  await page.goto('/waitlist/people');
  await expect(page.getByText('Tue 09:00–12:00')).toBeVisible();
  await expect(page.getByText('Urgent', { exact: true })).toBeVisible();
  await page.locator('[data-entry] a').first().click();
  await page.getByRole('button', { name: 'Take off the list' }).click();
  await expect(page.getByText('Nobody waits', { exact: true })).toBeVisible();
});

test('the form is for everybody to read', async ({ page }) => {
  await newBusiness(page);
  const url = await publicForm(page);
  for (const scheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: scheme });
    for (const lang of ['en', 'es']) {
      await page.goto(`${url}?lang=${lang}`);
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations, `${scheme} ${lang}`).toEqual([]);
    }
  }
});
