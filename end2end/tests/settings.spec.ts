// Settings, page by page: the list and the frame, quiet hours as a picture, reminders with what would be sent, the order of locations, keys.
import { axe, expect, look, newBusiness, open, post, test } from '../helpers';

test('the list leads to each page, and on a phone each page leads back', { tag: ['@form', '@phone'] }, async ({ page, isMobile }) => {
  await newBusiness(page);
  await open(page, '/settings');
  await expect(page.getByRole('heading', { name: 'Settings', exact: true })).toBeVisible();
  await axe(page);
  await look(page, 'settings-list');
  await page.getByRole('main').getByRole('link', { name: 'Quiet hours' }).click();
  await expect(page.getByRole('heading', { name: 'Quiet hours', level: 1 })).toBeVisible();
  const side = page.getByRole('navigation', { name: 'Settings' });
  if (isMobile) {
    await expect(side).toBeHidden();
    await page.getByRole('link', { name: 'All settings' }).click();
    await expect(page).toHaveURL(/\/settings$/);
  } else {
    await expect(side.getByRole('link', { name: 'Quiet hours' })).toHaveAttribute('aria-current', 'page');
    await side.getByRole('link', { name: 'Reminders' }).click();
    await expect(page.getByRole('heading', { name: 'Reminders', level: 1 })).toBeVisible();
  }
});

test('quiet hours are drawn, and what is wrong is said at its field', { tag: '@form' }, async ({ page }) => {
  await newBusiness(page);
  await open(page, '/settings/hours');
  await expect(page.getByRole('img', { name: /no reminders from 21:00 to 08:00/ })).toBeVisible();
  await page.getByRole('textbox', { name: 'No reminders from' }).fill('19:30');
  await page.getByLabel('Keep to US states').check();
  await page.getByRole('button', { name: 'Save quiet hours' }).click();
  await expect(page.getByText('Saved.')).toBeVisible();
  await expect(page.getByRole('img', { name: /no reminders from 19:30 to 08:00/ })).toBeVisible();
  await axe(page);
  await look(page, 'settings-hours');
  await page.goto('/settings/hours');
  await expect(page.getByRole('textbox', { name: 'No reminders from' })).toHaveValue('19:30');
  await expect(page.getByLabel('Keep to US states')).toBeChecked();
  await expect(page.getByText('Last changed by')).toBeVisible();
});

test('reminders show what would be sent before they are changed', { tag: '@form' }, async ({ page }) => {
  const { business } = await newBusiness(page);
  await open(page, '/settings/reminders');
  const sent = page.getByRole('region', { name: 'What would be sent' });
  await expect(sent.getByRole('listitem')).toHaveCount(2);
  await expect(sent).toContainText(business);
  await sent.getByLabel('A visit at').fill('08:00');
  await sent.getByLabel('Other hours').fill('24, 2');
  await sent.getByRole('button', { name: 'Show' }).click();
  await expect(sent.getByRole('listitem').last()).toContainText('because of quiet hours');
  await look(page, 'settings-reminders');
  await page.getByLabel('Hours before a visit').fill('soon');
  await page.getByRole('button', { name: 'Save reminders' }).click();
  await expect(page.getByLabel('Hours before a visit')).toHaveAccessibleDescription(/one to five times/);
  await page.getByLabel('Hours before a visit').fill('48, 24, 2');
  await page.getByRole('button', { name: 'Save reminders' }).click();
  await expect(page.getByText('Visits to come are planned anew')).toBeVisible();
  await axe(page);
  await page.goto('/settings/reminders');
  await expect(sent.getByRole('listitem')).toHaveCount(3);
});

test('locations stand in the order that was chosen', { tag: '@form' }, async ({ page }) => {
  await newBusiness(page);
  for (const name of ['Main Street', 'Airport']) await post(page, '/settings/locations', 'save_location', { name, address: '', number: '' });
  await open(page, '/settings/locations');
  const places = page.getByRole('region', { name: 'All locations' }).getByRole('listitem');
  await expect(places.first()).toContainText('Main Street');
  await page.getByRole('button', { name: 'Move up Airport' }).click();
  await expect(places.first()).toContainText('Airport');
  await page.reload();
  await expect(places.first()).toContainText('Airport');
});

test('a key is made with what it may, shown once and revoked', { tag: '@form' }, async ({ page }) => {
  await newBusiness(page);
  await open(page, '/settings/keys');
  await page.getByLabel('What uses it').fill('Website');
  await page.getByRole('button', { name: 'Make a key' }).click();
  await expect(page.getByText('Please tick what the key may do')).toBeVisible();
  await page.getByLabel('What uses it').fill('Website');
  await page.getByLabel('contacts:read').check();
  await page.getByRole('button', { name: 'Make a key' }).click();
  const key = await page.locator('[data-new-key] code').innerText();
  expect(key).toMatch(/^showup_/);
  await axe(page);
  await page.goto('/settings/keys');
  await expect(page.getByText(key)).toHaveCount(0);
  const use = () => page.request.get('/api/v1/contacts', { headers: { authorization: `Bearer ${key}` } });
  expect((await use()).status()).toBe(200);
  await page.getByRole('button', { name: 'Revoke Website' }).click();
  await expect(page.getByText('There is none.')).toBeVisible();
  expect((await use()).status()).toBe(401);
});
