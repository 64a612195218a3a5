// Customers: added, found, changed, and what they agreed to.
import { appears, expect, newBusiness, newConversation, newCustomer, newPhone, open, post, test } from '../helpers';

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
  await page.getByLabel('What they want').selectOption('They refuse');
  await page.getByLabel('How do you know?').fill('Said so at the desk today');
  await page.getByRole('button', { name: 'Record consent' }).click();
  await appears(page, page.locator('[data-consent="Opted out"]').first());
  await expect(page.getByRole('region', { name: 'Consent history' })).toContainText('Said so at the desk today');
});

test('two entries of one person are merged, and parted again', { tag: '@form' }, async ({ page }) => {
  await newBusiness(page);
  const ada = await newCustomer(page, 'Ada Sommer');
  const twin = await newCustomer(page, 'Ada Sommer-Lind');
  await page.goto(`/contacts/${ada.id}`);
  await page.getByRole('link', { name: 'Merge with…' }).click();

  // Those who are called alike are there before anything is typed.
  await expect(page.getByRole('heading', { level: 1, name: 'Merge Ada Sommer with…' })).toBeVisible();
  const found = page.getByRole('list', { name: 'Contacts' }).getByRole('link');
  await expect(found).toHaveText([/Ada Sommer-Lind/]);
  await page.getByLabel('Search the other contact').fill(twin.phone.slice(-7));
  await page.getByRole('button', { name: 'Search' }).click();
  await found.first().click();

  await expect(page.getByRole('region', { name: 'Stays' })).toContainText('Ada Sommer');
  await expect(page.getByRole('region', { name: 'Moves over' })).toContainText('Ada Sommer-Lind');
  const after = page.getByRole('region', { name: 'Afterwards' });
  await expect(after.getByRole('listitem').filter({ hasText: /\(\d{3}\) 555-/ })).toHaveCount(2);
  await expect(page.getByText('From now on texts go to')).toBeVisible();
  await page.getByRole('button', { name: 'Merge', exact: true }).click();

  await expect(page.getByText('Merged with Ada Sommer-Lind')).toBeVisible();
  await expect(page.getByText('Merged with another entry of theirs')).toBeVisible();
  // The old address leads to her.
  await page.goto(`/contacts/${twin.id}`);
  await expect(page).toHaveURL(`/contacts/${ada.id}`);

  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByText('The merge was undone').first()).toBeVisible();
  await expect(page.getByText('Merged with Ada Sommer-Lind')).toBeHidden();
  await page.goto(`/contacts/${twin.id}`);
  await expect(page.getByRole('heading', { level: 1, name: 'Ada Sommer-Lind' })).toBeVisible();
});

test('what is being written to somebody who is merged meanwhile is refused and stays', async ({ page, context }) => {
  await newBusiness(page);
  const ada = await newCustomer(page, 'Ada Sommer');
  const twin = await newCustomer(page, 'Ada Sommer-Lind');
  await newConversation(page, twin);
  await page.getByLabel('Reply', { exact: true }).fill('See you at three');
  const elsewhere = await context.newPage();
  await elsewhere.goto(`/contacts/${ada.id}/merge?other=${twin.id}`);
  await elsewhere.getByRole('button', { name: 'Merge', exact: true }).click();
  await expect(elsewhere.getByText('Merged with Ada Sommer-Lind')).toBeVisible();
  await appears(page, page.getByText('This contact was merged into another one.'));
  await expect(page.getByText('See you at three')).toBeVisible();
});

test('what happened goes further back without a script', { tag: '@form' }, async ({ page }) => {
  await newBusiness(page);
  const ada = await newCustomer(page, 'Ada Sommer');
  for (let n = 0; n < 52; n++) {
    await post(page, `/contacts/${ada.id}`, 'set_contact_blocked', { id: ada.id, blocked: String(n % 2 === 0), back: `/contacts/${ada.id}` });
  }
  await page.goto(`/contacts/${ada.id}`);
  const lines = page.locator('[data-timeline] > li');
  const shown = await lines.count();
  const earlier = page.getByRole('link', { name: 'Show earlier' });
  await expect(earlier).toHaveAttribute('href', /\?before=.+#timeline$/);
  await page.goto((await earlier.getAttribute('href'))!);
  await expect(lines.filter({ hasText: 'Agreed to appointment messages' })).toHaveCount(1);
  expect(await lines.count()).toBeLessThan(shown);
  await page.getByRole('link', { name: 'To the latest' }).click();
  await expect(earlier).toBeVisible();
});
