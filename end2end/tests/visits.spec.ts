// Types of visits, staff labels, visits that repeat, and what becomes of those that nobody marks.
import { expect, inDays, newBusiness, newCustomer, openNewVisit, test } from '../helpers';

test('a type is added, chosen for a visit, and put away', { tag: '@form' }, async ({ page }) => {
  await newBusiness(page);
  await page.goto('/settings/types');
  await expect(page.getByText('No types yet')).toBeVisible();
  await page.getByText('Add a type').click();
  await page.getByLabel('Name of the type').fill('Cleaning');
  await page.getByLabel('Minutes').fill('45');
  await page.getByRole('button', { name: 'Save type' }).click();
  await expect(page.getByRole('heading', { name: 'Cleaning' })).toBeVisible();
  await expect(page.getByText('45 min · reminders as usual')).toBeVisible();

  await newCustomer(page);
  await page.goto('/appointments/new');
  await expect(page.getByLabel('Type')).toContainText('Cleaning · 45 min');

  await page.goto('/settings/types');
  await page.getByRole('button', { name: 'Archive Cleaning' }).click();
  await expect(page.getByText('archived')).toBeVisible();
  await page.goto('/appointments/new');
  await expect(page.getByLabel('Type')).toHaveCount(0);
});

test('a staff label is added and moved up', { tag: '@form' }, async ({ page }) => {
  await newBusiness(page);
  await page.goto('/settings/staff');
  for (const name of ['Ana', 'Ben']) {
    const field = page.getByLabel('Name on the label').last();
    if (!(await field.isVisible())) await page.getByText('Add a staff label').click();
    await field.fill(name);
    await page.getByRole('button', { name: 'Save label' }).last().click();
    await expect(page.getByRole('heading', { name })).toBeVisible();
  }
  await page.getByRole('button', { name: 'Move up Ben' }).click();
  await expect(page.getByRole('main').getByRole('heading', { level: 2 }).first()).toContainText('Ben');
});

test('a visit is repeated after a look at the days, and those after it are cancelled', { tag: '@form' }, async ({ page }) => {
  await newBusiness(page);
  await openNewVisit(page, await newCustomer(page));
  const visit = page.url();
  await page.getByText('Repeat this visit…').click();
  await page.getByLabel('Visits in all').fill('4');
  await page.getByRole('button', { name: 'Show the days' }).click();
  await expect(page.getByRole('heading', { name: 'Repeat a visit' })).toBeVisible();
  await expect(page.getByLabel('Leave out')).toHaveCount(3);
  await page.getByLabel('Leave out').last().check();
  await page.getByRole('button', { name: 'Book these visits' }).click();
  await expect(page).toHaveURL(visit);
  await expect(page.getByText('Visit 1 of a series')).toBeVisible();

  await page.getByText('Cancel several…').click();
  await page.getByRole('button', { name: 'Cancel all to come' }).click();
  await expect(page.getByRole('heading', { level: 1 }).locator('[data-status=cancelled]')).toBeVisible();
  await page.goto('/appointments?show=upcoming');
  await expect(page.locator('[data-status=scheduled]')).toHaveCount(0);
});

test('unmarked visits are asked about unless the business chose otherwise', { tag: '@form' }, async ({ page }) => {
  await newBusiness(page);
  await page.goto('/settings/visits');
  const choice = page.getByLabel('Visits that nobody has marked');
  await expect(choice).toHaveValue('');
  await choice.selectOption('4');
  await page.getByRole('button', { name: 'Save choice' }).click();
  await expect(page.getByText('Saved.').first()).toBeVisible();
  await page.reload();
  await expect(choice).toHaveValue('4');
});

test('two children come at one time on one phone, and their names stand in the list', { tag: '@form' }, async ({ page }) => {
  await newBusiness(page);
  const mum = await newCustomer(page);
  for (const child of ['Leo', 'Mia']) {
    await page.goto(`/appointments/new?contact=${mum.id}`);
    await page.getByLabel('For whom').fill(child);
    await page.getByLabel('Date and time').fill(inDays(3));
    await page.getByRole('button', { name: 'Save appointment' }).click();
    await expect(page.getByRole('definition').filter({ hasText: child })).toBeVisible();
  }
  await page.goto('/appointments?show=upcoming');
  await expect(page.getByText(`Leo (${mum.name})`)).toBeVisible();
  await expect(page.getByText(`Mia (${mum.name})`)).toBeVisible();
});
