// Finding last week's message: the search box, its operators, and the thread at that text.
import { OUR_NUMBER, appears, axe, bubble, expect, look, newBusiness, newConversation, newCustomer, open, post, send, test } from '../helpers';

test('a text is found by its words and opened where it stands', { tag: ['@form', '@phone'] }, async ({ page, sim }) => {
  await newBusiness(page);
  const ada = await newCustomer(page);
  await newConversation(page, ada);
  await send(page, 'Parking is behind the house');
  await sim.received(ada.phone, 'Parking is behind the house');
  await sim.text(ada.phone, OUR_NUMBER, 'Running late, sorry');
  await appears(page, bubble(page, 'Running late'));

  await open(page, '/search');
  await expect(page.getByText('customers who wait for an answer')).toBeVisible();
  const box = page.getByRole('combobox', { name: /^Search/ });
  await box.fill('late from:customer');
  await box.press('Enter');
  await expect(page).toHaveURL(/\/search\?q=late/);
  const hits = page.getByRole('region', { name: 'Messages' }).getByRole('link');
  await expect(hits).toHaveCount(1);
  await expect(hits.locator('mark')).toHaveText('late');
  await look(page, 'search-found');
  await axe(page);

  // A chip takes its part out of the search.
  await page.getByRole('link', { name: 'Search without late' }).click();
  await expect(page).toHaveURL(/q=from%3Acustomer/);
  await expect(hits.filter({ hasText: 'Running late' })).toBeVisible();

  await hits.filter({ hasText: 'Running late' }).click();
  await expect(page).toHaveURL(/\/inbox\/.*\?at=/);
  await expect(page.locator('[data-sought]')).toContainText('Running late');
  await expect(page.locator('[data-sought]')).toBeInViewport();
});

test('people and notes are found, and what is not understood is said', { tag: '@form' }, async ({ page }) => {
  await newBusiness(page);
  const ada = await newCustomer(page);
  await newConversation(page, ada);
  const path = new URL(page.url()).pathname;
  await post(page, path, 'add_note', { conversation_id: path.split('/').pop()!, body: 'Allergic to latex' });

  await open(page, '/search?q=latex');
  const hit = page.getByRole('region', { name: 'Messages' }).getByRole('link');
  await expect(hit).toContainText('Note by Robin Okafor');
  await hit.click();
  await expect(page.locator('[data-sought]')).toContainText('Allergic to latex');

  await open(page, `/search?q=${encodeURIComponent(ada.name.split(' ')[0])}`);
  await expect(page.getByRole('region', { name: 'People' }).getByRole('link', { name: ada.name })).toBeVisible();

  await open(page, '/search?q=is%3Astrange');
  await expect(page.getByRole('status').filter({ hasText: 'was searched for as text' })).toBeVisible();
  await expect(page.getByText('Nothing was found')).toBeVisible();
});

test('the key / leads into the search field', async ({ page }) => {
  await newBusiness(page);
  await open(page, '/inbox');
  await page.keyboard.press('/');
  await expect(page.getByRole('combobox', { name: /^Search/ })).toBeFocused();
  await page.keyboard.type('a/b');
  await expect(page.getByRole('combobox', { name: /^Search/ })).toHaveValue('a/b');
  await open(page, '/tasks');
  await page.keyboard.press('/');
  await expect(page).toHaveURL(/\/search/);
  await expect(page.getByRole('combobox', { name: /^Search/ })).toBeFocused();
});

test('the log is a list, a table or cards, and a test message stands in it', { tag: ['@form', '@phone'] }, async ({ page, sim }) => {
  await newBusiness(page);
  const ada = await newCustomer(page);
  await open(page, '/log');
  await page.getByText('Send a test message').click();
  await page.getByLabel('To this phone').fill(ada.phone);
  await page.getByRole('button', { name: 'Send the test' }).click();
  await expect(page.getByText('It is on its way, and stands in the log.')).toBeVisible();
  await sim.received(ada.phone, /This is a test by/);
  await page.getByRole('link', { name: 'Table' }).click();
  const row = page.getByRole('row').filter({ hasText: 'This is a test by' });
  await expect(row).toContainText(ada.name);
  await look(page, 'log-table');
  await axe(page);
  await page.getByRole('link', { name: 'Cards' }).click();
  await expect(page).toHaveURL(/as=cards/);
  await expect(page.getByRole('listitem').filter({ hasText: 'This is a test by' })).toBeVisible();
  await look(page, 'log-cards');
});
