// Visits: made, moved, ended, taken back, and their reminders.
import { type Page } from '@playwright/test';
import { appears, expect, inDays, newBusiness, newCustomer, open, openNewVisit, post, test } from '../helpers';

const status = (page: Page, name: string) => page.getByRole('heading', { level: 1 }).locator(`[data-status=${name}]`);
const visitTime = (page: Page) => page.getByRole('definition').getByRole('time');

test('a visit is made for a customer and plans its reminders', { tag: '@form' }, async ({ page }) => {
  await newBusiness(page);
  const ada = await newCustomer(page);
  await page.goto('/appointments');
  await expect(page.getByText('Nothing coming up')).toBeVisible();
  await page.getByRole('link', { name: 'New appointment' }).click();
  await page.getByLabel('Contact', { exact: true }).selectOption(ada.id);
  await page.getByLabel('Date and time').fill(inDays(3));
  await page.getByLabel('Staff').fill('Dr. Osei');
  await page.getByLabel('Notes').fill('Check-up');
  await page.getByRole('button', { name: 'Save appointment' }).click();

  await expect(page.getByRole('heading', { level: 1, name: ada.name })).toBeVisible();
  await expect(status(page, 'scheduled')).toBeVisible();
  await expect(page.getByText('Dr. Osei')).toBeVisible();
  await expect(page.getByText('Check-up')).toBeVisible();
  await expect(visitTime(page)).toContainText('3:30 PM');
  await expect(page.locator('[data-reminder=planned]')).toHaveCount(2);

  await page.goto('/appointments');
  await expect(page.getByRole('main').getByRole('link').filter({ hasText: ada.name })).toContainText('Scheduled');
});

test('a visit in the past is refused, and nothing typed is lost', { tag: '@form' }, async ({ page }) => {
  await newBusiness(page);
  const ada = await newCustomer(page);
  await page.goto(`/appointments/new?contact=${ada.id}`);
  await page.getByLabel('Date and time').fill('1999-12-31T15:30');
  await page.getByLabel('Staff').fill('Dr. Osei');
  await page.getByRole('button', { name: 'Save appointment' }).click();
  await expect(page.getByLabel('Date and time')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByLabel('Date and time')).toHaveAccessibleDescription(/has passed/);
  await expect(page.getByLabel('Date and time')).toHaveValue('1999-12-31T15:30');
  await expect(page.getByLabel('Staff')).toHaveValue('Dr. Osei');
});

test('a visit is moved, and its reminders with it', { tag: '@form' }, async ({ page }) => {
  await newBusiness(page);
  const ada = await newCustomer(page);
  await openNewVisit(page, ada);
  const before = await visitTime(page).getAttribute('datetime');
  await page.getByLabel('New date and time').fill(inDays(5, '11:00'));
  await page.getByRole('button', { name: 'Move appointment' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Moved.' })).toBeVisible();
  await expect(visitTime(page)).toContainText('11:00 AM');
  expect(await visitTime(page).getAttribute('datetime')).not.toBe(before);
  await expect(page.locator('[data-reminder=planned]')).toHaveCount(2);
});

test('a visit at a place that is new since the page was drawn is shown and moved by the clock there', async ({ page }) => {
  await newBusiness(page);
  const ada = await newCustomer(page);
  await open(page, '/appointments');
  // The rules of the new zone are kept back.
  let go = () => {};
  const held = new Promise<void>((resolve) => (go = resolve));
  await page.route(/\/api\/fn\/zones\d+/, async (route) => {
    await held;
    await route.continue();
  });
  await post(page, '/settings/locations', 'save_location', { name: 'Roma', address: '', number: '', time_zone: 'Europe/Rome' });
  const form = await (await page.request.get(`/appointments/new?contact=${ada.id}`)).text();
  const location_id = /value="([0-9a-f-]{36})"[^>]*>(?:<!--.*?-->)*Roma/.exec(form)![1];
  const starts_at = inDays(3);
  await post(page, `/appointments/new?contact=${ada.id}`, 'create_appointment', { contact_id: ada.id, starts_at, location_id, staff_label: '', notes: '' });
  await page.getByRole('main').getByRole('link').filter({ hasText: ada.name }).click();
  await expect(page.getByText('Asking for this place\'s clock…')).toBeVisible();
  await expect(page.getByLabel('New date and time')).toHaveCount(0);

  go();
  await expect(page.getByLabel('New date and time')).toHaveValue(starts_at);
  await expect(page.getByLabel('New date and time')).toHaveAccessibleDescription(/In Europe\/Rome time/);
  await expect(visitTime(page)).toContainText('3:30 PM');
  await page.getByRole('button', { name: 'Move appointment' }).click();
  await expect(page.getByText('Moved.')).toBeVisible();
  await page.reload();
  await expect(page.getByLabel('New date and time')).toHaveValue(starts_at);
});

test('cancelling asks first and can be undone', { tag: '@form' }, async ({ page }) => {
  await newBusiness(page);
  await openNewVisit(page, await newCustomer(page));
  const question = page.getByRole('dialog', { name: 'Cancel this appointment?' });

  await page.getByRole('button', { name: 'Cancel', exact: true }).click();
  await expect(question).toBeVisible();
  await question.getByRole('button', { name: 'Keep it' }).click();
  await expect(question).toBeHidden();
  await expect(status(page, 'scheduled')).toBeVisible();

  await page.getByRole('button', { name: 'Cancel', exact: true }).click();
  await question.getByRole('button', { name: 'Yes, cancel it' }).click();
  await expect(status(page, 'cancelled')).toBeVisible();
  await expect(page.locator('[data-reminder=planned]')).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Remind now' })).toBeHidden();

  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(status(page, 'scheduled')).toBeVisible();
  await expect(page.locator('[data-reminder=planned]')).toHaveCount(2);
});

test('“Confirm” marks the visit; how it went is asked once it has begun', async ({ page }) => {
  await newBusiness(page);
  await openNewVisit(page, await newCustomer(page));
  await expect(page.getByRole('button', { name: 'Completed', exact: true })).toBeHidden();
  await page.getByRole('button', { name: 'Confirm', exact: true }).click();
  await expect(status(page, 'confirmed')).toBeVisible();
});

test('“Remind now” texts the customer at once, and the answer is seen here', { tag: '@form' }, async ({ page, sim }) => {
  const account = await newBusiness(page);
  const ada = await newCustomer(page);
  await openNewVisit(page, ada);
  await page.getByRole('button', { name: 'Remind now' }).click();
  const { body, from } = await sim.received(ada.phone, /Reply Y to confirm or N/);
  expect(body).toContain(account.business);
  await appears(page, page.locator('[data-reminder=sent]').filter({ hasText: 'Sent by hand' }));

  await sim.text(ada.phone, from!, 'Yes!');
  await appears(page, status(page, 'confirmed'));
  await page.goto('/appointments?show=confirmed');
  await expect(page.getByRole('main').getByRole('link').filter({ hasText: ada.name })).toContainText('Confirmed');
});
