// Narrowing the inbox: filters in the address, kept under a name; the search box that completes; from hit to hit.
import { OUR_NUMBER, appears, axe, bubble, expect, look, newBusiness, newConversation, newCustomer, newPhone, newVisit, open, post, scripted, send, test } from '../helpers';
import type { Page } from '@playwright/test';

const list = (page: Page) => page.getByRole('region', { name: 'Conversations' });
const row = (page: Page, name: string) => list(page).getByRole('link').filter({ hasText: name });
const saved = (page: Page) => page.getByRole('navigation', { name: 'Saved filters' });

/** Ada, who is a VIP with a visit in three days, and Ben, who is neither; each has a conversation. */
async function two(page: Page) {
  const phone = newPhone();
  const path = await post(page, '/contacts/new', 'create_contact', { name: 'Ada Sommer', phone, email: '', time_zone: '', language: '', tags: 'vip', notes: '', agreed: 'yes' });
  const ada = { id: path.split('/').pop()!, name: 'Ada Sommer', phone };
  await newVisit(page, ada);
  const ben = await newCustomer(page, 'Ben Okoye');
  for (const { id } of [ada, ben]) await post(page, `/contacts/${id}`, 'text_contact', { contact_id: id });
  return { ada, ben };
}

test('filters are chosen in a form, stand in the address, and are taken away one by one', { tag: ['@form', '@phone'] }, async ({ page }) => {
  await newBusiness(page);
  const { ada, ben } = await two(page);
  await open(page, '/inbox');
  await expect(row(page, ben.name)).toBeVisible();
  await list(page).getByRole('link', { name: 'Filter', exact: true }).click();
  const form = page.getByRole('form', { name: 'Filters' });
  await form.getByLabel('Upcoming visit').selectOption('Within 7 days');
  await form.getByLabel('Tag').fill('vip');
  await look(page, 'filter-form');
  await form.getByRole('button', { name: 'Show conversations' }).click();
  await expect(row(page, ada.name)).toBeVisible();
  await expect(row(page, ben.name)).toHaveCount(0);
  await expect(page).toHaveURL(/visit=7d/);
  await axe(page);
  await look(page, 'filtered-inbox');

  await page.reload();
  await expect(row(page, ben.name)).toHaveCount(0);
  await row(page, ada.name).click();
  await expect(page).toHaveURL(/\/inbox\/[0-9a-f-]+\?.*tag=vip&visit=7d/);
  await page.goBack();
  await list(page).getByRole('link', { name: 'Without the filter Tag “vip”' }).click();
  await expect(page).toHaveURL(/\?visit=7d$/);
  await list(page).getByRole('link', { name: 'No filters' }).click();
  await expect(row(page, ben.name)).toBeVisible();
});

test('what does not belong into a narrowed list does not come into it', async ({ page, sim }) => {
  await newBusiness(page);
  const { ada, ben } = await two(page);
  // Who texted a phone last is whose customer it is.
  for (const { id, phone } of [ada, ben]) {
    await newConversation(page, { id, phone, name: '' });
    await send(page, 'Hello');
    await sim.received(phone, 'Hello');
  }
  await open(page, '/inbox?tag=vip');
  await sim.text(ben.phone, OUR_NUMBER, 'I am no VIP');
  await sim.text(ada.phone, OUR_NUMBER, 'But I am');
  await expect(row(page, 'But I am')).toBeVisible();
  await expect(row(page, 'I am no VIP')).toHaveCount(0);
  // Who is tagged elsewhere comes into it by themselves.
  await post(page, '/inbox', 'act_on_many', { 'ids[]': await idOf(page, ben.name), action: 'tag', tag: 'vip', back: '/inbox' });
  await expect(row(page, 'I am no VIP')).toBeVisible();
});

async function idOf(page: Page, name: string): Promise<string> {
  const html = await (await page.request.get('/inbox')).text();
  const box = html.split('<input').find((one) => one.includes(`aria-label="Select ${name}"`))!;
  return /value="([^"]+)"/.exec(box)![1];
}

test('filters are kept under a name, renamed and removed', { tag: ['@form', '@phone'] }, async ({ page }) => {
  await newBusiness(page);
  const { ben } = await two(page);
  await open(page, '/inbox/filter?show=open&tag=vip');
  await page.getByLabel('Name', { exact: true }).first().fill('Our VIPs');
  await page.getByLabel('For everybody of the business').check();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page).toHaveURL(/\/inbox\?show=open&tag=vip/);
  await expect(saved(page).getByRole('link', { name: 'Our VIPs' })).toBeVisible();
  await open(page, '/inbox');
  await saved(page).getByRole('link', { name: 'Our VIPs' }).click();
  await expect(row(page, ben.name)).toHaveCount(0);
  await expect(saved(page).getByRole('link', { name: 'Our VIPs' })).toHaveAttribute('aria-current', 'page');

  await open(page, '/inbox/filter');
  await page.getByText('Rename Our VIPs').click();
  await page.getByLabel('Name', { exact: true }).fill('Very important');
  await page.getByRole('button', { name: 'Rename' }).click();
  await expect(page.getByRole('link', { name: 'Very important' }).first()).toBeAttached();
  await look(page, 'saved-filters');
  await open(page, '/inbox/filter');
  await page.getByText('Remove… Very important').click();
  await page.getByRole('button', { name: 'Remove it' }).click();
  await expect(page.getByRole('link', { name: 'Very important' })).toHaveCount(0);
});

test('all of a narrowed view is closed, and nothing else', { tag: '@form' }, async ({ page }) => {
  await newBusiness(page);
  const { ada, ben } = await two(page);
  await open(page, '/inbox?show=open&all=1&tag=vip');
  const bar = page.getByRole('form', { name: 'The selected conversations' });
  await expect(bar).toContainText('All 1 in this view are selected.');
  await bar.getByRole('button', { name: 'Close', exact: true }).click();
  await appears(page, page.getByText('1 closed'));
  await open(page, '/inbox?show=open');
  await expect(row(page, ben.name)).toBeVisible();
  await expect(row(page, ada.name)).toHaveCount(0);
});

test('the search box completes operators and names, by keys and by mouse', { tag: '@phone' }, async ({ page }) => {
  await newBusiness(page);
  await two(page);
  await open(page, '/search');
  const box = page.getByRole('combobox', { name: /^Search/ });
  await box.click();
  await expect(box).toHaveAttribute('aria-autocomplete', 'list');
  await box.pressSequentially('parking is:wa');
  const offers = page.getByRole('listbox', { name: 'Suggestions' });
  await expect(offers.getByRole('option')).toHaveText(['is:waiting']);
  await expect(box).toHaveAttribute('aria-expanded', 'true');
  await axe(page);
  await box.press('ArrowDown');
  await expect(offers.getByRole('option', { selected: true })).toHaveText('is:waiting');
  await box.press('Enter');
  await expect(box).toHaveValue('parking is:waiting ');
  await expect(page).toHaveURL(/\/search$/);
  await box.pressSequentially('tag');
  await offers.getByRole('option', { name: 'tag:' }).click();
  await expect(box).toHaveValue('parking is:waiting tag:');
  await offers.getByRole('option', { name: 'tag:vip' }).click();
  await expect(box).toHaveValue('parking is:waiting tag:vip ');
  await box.press('Escape');
  await expect(offers).toBeHidden();
  await box.press('Enter');
  await expect(page).toHaveURL(/q=parking\+is%3Awaiting\+tag%3Avip/);
  await expect(page.getByRole('link', { name: 'Search without is:waiting' })).toBeVisible();
});

test('n and p go from hit to hit, and links do the same', { tag: ['@form', '@phone'] }, async ({ page, sim }) => {
  await newBusiness(page);
  const ada = await newCustomer(page);
  await newConversation(page, ada);
  for (const text of ['Parking is free', 'Parking is behind the house', 'Parking costs nothing']) {
    await send(page, text);
    await sim.received(ada.phone, text);
  }
  await open(page, '/search?q=parking');
  const hits = page.getByRole('region', { name: 'Messages' }).getByRole('link');
  await expect(hits).toHaveCount(3);
  await hits.nth(1).click();
  const bar = page.getByRole('navigation', { name: 'Hits of the search' });
  await expect(bar).toContainText('Hit 2 of 3');
  await expect(page.locator('[data-sought]')).toContainText('behind the house');
  await look(page, 'hit');
  if (scripted()) await page.keyboard.press('n');
  else await bar.getByRole('link', { name: 'Next' }).click();
  await expect(bar).toContainText('Hit 3 of 3');
  await expect(page.locator('[data-sought]')).toContainText('Parking is free');
  await expect(bar.getByRole('link', { name: 'Next' })).toHaveCount(0);
  if (scripted()) await page.keyboard.press('p');
  else await bar.getByRole('link', { name: 'Previous' }).click();
  await expect(bar).toContainText('Hit 2 of 3');
  await bar.getByRole('link', { name: 'All hits' }).click();
  await expect(hits).toHaveCount(3);
  await expect(bubble(page, 'Parking')).toHaveCount(0);
});
