// The page of a visit for its customer, who has a link and no account, and the visits in staff's own calendars.
import AxeBuilder from '@axe-core/playwright';
import { expect, newBusiness, newCustomer, openNewVisit, test } from '../helpers';

test('a customer opens the link, asks for another time, and confirms after all', { tag: '@form' }, async ({ page, browser }) => {
  await newBusiness(page);
  await page.goto('/settings/visits');
  await page.getByLabel('Customers may cancel there').check();
  await page.getByRole('button', { name: 'Save page' }).click();
  await expect(page.getByRole('region', { name: 'Customers’ own page' }).getByText('Saved.')).toBeVisible();
  await openNewVisit(page, await newCustomer(page));
  const url = await page.locator('code', { hasText: '/v/' }).innerText();

  // On a phone without scripts.
  const phone = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 360, height: 740 } });
  const theirs = await phone.newPage();
  const answer = await theirs.goto(url);
  expect(answer?.headers()['referrer-policy']).toBe('no-referrer');
  await expect(theirs.getByRole('heading', { name: 'Your visit' })).toBeVisible();
  const wide = await theirs.evaluate(() => document.documentElement.scrollWidth).catch(() => 0);
  expect(wide).toBeLessThanOrEqual(360);
  await theirs.getByText('Ask for another time').first().click();
  await theirs.getByLabel('When would it suit you?').fill('Fridays');
  await theirs.getByRole('button', { name: 'Ask for another time' }).click();
  await expect(theirs.getByText('You asked for another time')).toBeVisible();
  await theirs.getByRole('button', { name: 'Confirm', exact: true }).click();
  await expect(theirs.getByText('Confirmed', { exact: true })).toBeVisible();
  await expect(theirs.getByRole('button', { name: 'Confirm', exact: true })).toHaveCount(0);

  await theirs.getByText('How we reach you').click();
  await theirs.getByLabel('Language').selectOption('es');
  await theirs.getByRole('button', { name: 'Save' }).click();
  await expect(theirs.getByRole('heading', { name: 'Su cita' })).toBeVisible();
  await theirs.getByText('Cancelar esta cita').click();
  await theirs.getByRole('button', { name: 'Sí, cancelar mi cita' }).click();
  await expect(theirs.getByText('Cancelada', { exact: true })).toBeVisible();
  await phone.close();

  await page.reload();
  await expect(page.getByRole('heading', { level: 1 }).locator('[data-status=cancelled]')).toBeVisible();
  await page.getByRole('button', { name: 'Revoke' }).click();
  await expect.poll(async () => (await page.request.get(url)).status()).toBe(410);
});

test('the page of a visit is for everybody to read', async ({ page }) => {
  await newBusiness(page);
  await openNewVisit(page, await newCustomer(page));
  const url = await page.locator('code', { hasText: '/v/' }).innerText();
  for (const scheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.goto(url);
    for (const summary of await page.locator('summary').all()) await summary.click();
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations, scheme).toEqual([]);
  }
});

test('somebody makes an address for their calendar, sees it once, and revokes it', { tag: '@form' }, async ({ page }) => {
  await newBusiness(page);
  await page.goto('/settings/calendar');
  await expect(page.getByText('Google refreshes about once a day')).toBeVisible();
  await page.getByLabel('What it tells of customers').selectOption('name');
  await page.getByRole('button', { name: 'Make an address' }).click();
  const url = await page.locator('code', { hasText: '/feeds/' }).innerText();
  expect(await (await page.request.get(url)).text()).toContain('BEGIN:VCALENDAR');
  await page.reload();
  await expect(page.getByText('/feeds/')).toHaveCount(0);
  await page.getByRole('button', { name: 'Revoke' }).click();
  await expect(page.getByText('There is none.')).toBeVisible();
  expect((await page.request.get(url)).status()).toBe(404);
});
