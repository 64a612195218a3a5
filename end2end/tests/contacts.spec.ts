// Customers: added, found, changed, and what they agreed to.
import { appears, expect, newBusiness, newCustomer, newPhone, open, test } from '../helpers';

test('a contact is added with the number as people write it', { tag: '@form' }, async ({ page }) => {
  await newBusiness(page);
  await page.goto('/contacts');
  await expect(page.getByText('No contacts yet')).toBeVisible();
  await page.getByRole('link', { name: 'New contact' }).click();
  const phone = newPhone();
  const [, area, last] = /^\+1(...)555(....)$/.exec(phone)!;
  await page.getByLabel('Name').fill('Åsa Öberg');
  await page.getByLabel('Phone').fill(`${area}.555.${last}`);
  await page.getByLabel('E-mail').fill('asa@example.com');
  await page.getByLabel('Notes').fill('Prefers mornings');
  await page.getByRole('button', { name: 'Save contact' }).click();

  await expect(page.getByRole('heading', { level: 1, name: 'Åsa Öberg' })).toBeVisible();
  await expect(page.getByLabel('Phone')).toHaveValue(`(${area}) 555-${last}`);
  await expect(page.getByLabel('E-mail')).toHaveValue('asa@example.com');
  await expect(page.getByLabel('Notes')).toHaveValue('Prefers mornings');
  await expect(page.locator('[data-consent="Agreed to texts"]').first()).toBeVisible();
  await expect(page.getByRole('region', { name: 'Consent history' }).getByRole('row')).toHaveCount(2);
});

test('a number that can’t be is refused with a reason, and nothing typed is lost', { tag: '@form' }, async ({ page }) => {
  await newBusiness(page);
  await page.goto('/contacts/new');
  await page.getByLabel('Name').fill('Ada Sommer');
  await page.getByLabel('Phone').fill('415 555 01');
  await page.getByLabel('E-mail').fill('ada@example.com');
  await page.getByLabel('Time zone').fill('Europe/Stockholm');
  await page.getByLabel('Notes').fill('Comes with her dog');
  await page.getByLabel('They gave this number').uncheck();
  await page.getByRole('button', { name: 'Save contact' }).click();

  await expect(page.getByText('This phone number is too short.')).toBeVisible();
  await expect(page.getByLabel('Phone')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByLabel('Phone')).toHaveAccessibleDescription(/too short/);
  await expect(page.getByLabel('Name')).toHaveValue('Ada Sommer');
  await expect(page.getByLabel('Phone')).toHaveValue('415 555 01');
  await expect(page.getByLabel('E-mail')).toHaveValue('ada@example.com');
  await expect(page.getByLabel('Time zone')).toHaveValue('Europe/Stockholm');
  await expect(page.getByLabel('Notes')).toHaveValue('Comes with her dog');
  await expect(page.getByLabel('They gave this number')).not.toBeChecked();

  await page.getByLabel('Phone').fill(newPhone());
  await page.getByRole('button', { name: 'Save contact' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Ada Sommer' })).toBeVisible();
  await expect(page.locator('[data-consent="Not asked"]').first()).toBeVisible();
});

test('a number somebody has already is explained', async ({ page }) => {
  await newBusiness(page);
  const ada = await newCustomer(page);
  await page.goto('/contacts/new');
  await page.getByLabel('Name').fill('Somebody Else');
  await page.getByLabel('Phone').fill(ada.phone);
  await page.getByRole('button', { name: 'Save contact' }).click();
  await expect(page.getByText(/already/i).filter({ visible: true }).first()).toBeVisible();
  await expect(page.getByLabel('Name')).toHaveValue('Somebody Else');
});

test('a contact is changed', { tag: '@form' }, async ({ page }) => {
  await newBusiness(page);
  const ada = await newCustomer(page);
  await open(page, `/contacts/${ada.id}`);
  await page.getByLabel('Name').fill('Ada Sommer-Lind');
  await page.getByLabel('Notes').fill('Married in May');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await expect(page.getByText('Saved.')).toBeVisible();
  await expect(page.getByRole('heading', { level: 1, name: 'Ada Sommer-Lind' })).toBeVisible();

  await page.goto(`/contacts/${ada.id}`);
  await expect(page.getByLabel('Name')).toHaveValue('Ada Sommer-Lind');
  await expect(page.getByLabel('Notes')).toHaveValue('Married in May');
});

test('contacts are found by name and by number', { tag: '@form' }, async ({ page }) => {
  await newBusiness(page);
  const ada = await newCustomer(page, 'Ada Sommer');
  await newCustomer(page, 'Bo Winter');
  await page.goto('/contacts');
  const found = page.getByRole('table').getByRole('link');
  await expect(found).toHaveText(['Ada Sommer', 'Bo Winter']);

  await page.getByLabel('Search contacts').fill('wint');
  await page.getByRole('button', { name: 'Search' }).click();
  await expect(found).toHaveText(['Bo Winter']);
  await expect(page.getByLabel('Search contacts')).toHaveValue('wint');

  await page.getByLabel('Search contacts').fill(ada.phone.slice(-7));
  await page.getByRole('button', { name: 'Search' }).click();
  await expect(found).toHaveText(['Ada Sommer']);

  await page.getByLabel('Search contacts').fill('nobody at all');
  await page.getByRole('button', { name: 'Search' }).click();
  await expect(page.getByText('Nobody was found')).toBeVisible();
  await page.getByRole('link', { name: 'Show all contacts' }).click();
  await expect(found).toHaveCount(2);
});

test('consent is recorded with its evidence', { tag: '@form' }, async ({ page }) => {
  await newBusiness(page);
  const ada = await newCustomer(page);
  await open(page, `/contacts/${ada.id}`);
  await page.getByLabel('What they want').selectOption('They do not want texts');
  await page.getByLabel('How do you know?').fill('Said so at the desk today');
  await page.getByRole('button', { name: 'Record consent' }).click();
  await appears(page, page.locator('[data-consent="Opted out"]').first());
  await expect(page.getByRole('region', { name: 'Consent history' })).toContainText('Said so at the desk today');
});
