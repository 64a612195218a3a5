// An owner makes a key for a program, tries it where the API is described, reads what it has asked, and takes it back.
import { axe, expect, newBusiness, open, test } from '../helpers';

test('a key is made, tried at the reference, seen in the log and revoked', async ({ page, context }) => {
  await newBusiness(page);
  await open(page, '/settings/keys');
  await page.getByLabel('What uses it').fill('Website');
  await page.getByLabel('tasks:read').check();
  await page.getByLabel('tasks:write').check();
  await page.getByRole('button', { name: 'Make a key' }).click();
  const shown = page.locator('[data-new-key] code').first();
  await expect(shown).toHaveText(/^showup_[0-9A-Za-z]{36}$/);
  const key = (await shown.textContent())!;

  // Everything about the API, on pages that need no script.
  await page.getByRole('link', { name: 'the API', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'API', level: 1 })).toBeVisible();
  await axe(page);
  for (const name of ['Recipes', 'Keys', 'Problems', 'Changes']) {
    await page.getByRole('navigation', { name: 'API' }).getByRole('link', { name }).click();
    await expect(page.getByRole('heading', { name, level: 1 })).toBeVisible();
    await axe(page);
  }

  // Nothing of what is tried goes elsewhere.
  const elsewhere: string[] = [];
  page.on('request', (request) => {
    const here = new URL(page.url()).origin;
    if (/^https?:/.test(request.url()) && new URL(request.url()).origin !== here) elsewhere.push(request.url());
  });
  await page.getByRole('navigation', { name: 'API' }).getByRole('link', { name: 'Reference' }).click();
  await expect(page).toHaveURL(/\/docs\/api\/$/);
  await page.getByRole('button', { name: 'Authorize' }).first().click();
  const dialog = page.locator('.dialog-ux .modal-ux');
  await dialog.locator('input').fill(key);
  await dialog.getByRole('button', { name: /apply credentials|authorize/i }).click();
  await dialog.locator('button.btn-done').click();
  const operation = page.locator('#operations-tasks-tasks_create');
  const execute = async () => {
    await operation.locator('button.execute').click();
    return operation.locator('.live-responses-table tbody .response-col_status').first();
  };
  await page.locator('#operations-tag-tasks').click();
  await operation.locator('.opblock-summary-control').click();
  await expect(operation).toContainText('The key needs tasks:write.');
  await expect(await execute()).toContainText('201');
  await expect(operation.locator('.live-responses-table tbody .response-col_description').first()).toContainText('Send Ann a map');

  // Its owner sees what was asked, in another tab, and takes the key back.
  const office = await context.newPage();
  await expect(async () => {
    await office.goto('/settings/keys/log?search=tasks');
    await expect(office.locator('[data-status="201"]')).toContainText('/tasks', { timeout: 1_000 });
  }).toPass({ timeout: 30_000 });
  await office.locator('[data-status="201"] summary').click();
  await expect(office.locator('[data-status="201"]')).toContainText('Send Ann a map');
  await expect(office.locator('main')).not.toContainText(key);
  await axe(office);
  await open(office, '/settings/keys');
  await office.getByRole('button', { name: 'Revoke Website' }).click();
  await expect(office.getByText('There is none.')).toBeVisible();

  await expect(await execute()).toContainText('401');
  expect(elsewhere, 'no other host was asked').toEqual([]);
});
