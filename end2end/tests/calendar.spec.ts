// The calendar: a day and a week of visits, moved by hand, by keys and by a form.
import { type Page } from '@playwright/test';
import { type Customer, expect, inDays, look, newBusiness, newCustomer, open, post, test } from '../helpers';

/** A day on which nothing else is. */
const DAY = inDays(4).slice(0, 10);
const address = (more = '') => `/appointments?view=day&date=${DAY}${more}`;

async function book(page: Page, { id }: Customer, time: string, staff_label: string) {
  const form = { contact_id: id, starts_at: `${DAY}T${time}`, staff_label, notes: '', minutes: '30' };
  const path = await post(page, `/appointments/new?contact=${id}`, 'create_appointment', form);
  return path.split('/').pop()!;
}

const block = (page: Page, id: string) => page.locator(`[data-id="${id}"]`);
const link = (page: Page, id: string) => block(page, id).locator('.cal-link');
const notice = (page: Page, id: string) => page.locator(`[data-changed="${id}"]`);

/** Drags a visit by so many quarters of an hour, each 24 pixels high. */
async function drag(page: Page, id: string, quarters: number, meanwhile?: () => Promise<void>) {
  await block(page, id).evaluate((visit) => visit.scrollIntoView({ block: 'center' }));
  const box = (await link(page, id).boundingBox())!;
  const [x, y] = [box.x + 20, box.y + 8];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x, y + 5);
  await expect(page.locator('[data-ghost]')).toHaveCount(0);
  await page.mouse.move(x, y + quarters * 24, { steps: 5 });
  await expect(page.locator('[data-ghost]')).toBeVisible();
  await meanwhile?.();
  await page.mouse.up();
}

test('a visit is dragged, put back, and dragged again: one text waits, with the last time', async ({ page }) => {
  await newBusiness(page);
  const ada = await newCustomer(page);
  const visit = await book(page, ada, '14:00', 'Ana');
  await post(page, `/appointments/${visit}`, 'act_on_appointment', { id: visit, act: 'confirm' });
  await open(page, address());
  await expect(block(page, visit)).toHaveAttribute('data-mark', 'confirmed');
  await look(page, 'calendar-day', ['desktop']);

  await drag(page, visit, 4, async () => {
    await expect(page.locator('[data-ghost]')).toContainText('3:00 PM to 3:30 PM');
  });
  await expect(notice(page, visit)).toContainText('at 3:00 PM.');
  await expect(notice(page, visit)).toContainText('gets a text about it in three minutes');
  await expect(block(page, visit)).toHaveAttribute('data-mark', 'open');

  await notice(page, visit).getByRole('button', { name: 'Undo' }).click();
  await expect(link(page, visit)).toContainText('2:00 PM');
  await expect(block(page, visit)).toHaveAttribute('data-mark', 'confirmed');

  await drag(page, visit, 8);
  await expect(notice(page, visit)).toContainText('at 4:00 PM.');
  await drag(page, visit, 4);
  await expect(notice(page, visit)).toContainText('at 5:00 PM.');
  await page.goto('/log?show=waiting');
  await expect(page.getByRole('paragraph').filter({ hasText: 'your visit is now on' })).toHaveCount(1);
  await expect(page.getByRole('paragraph').filter({ hasText: 'at 5:00 PM. Reply Y' })).toBeVisible();
});

test('keys move a focused visit, and m opens the form', async ({ page }) => {
  await newBusiness(page);
  const visit = await book(page, await newCustomer(page), '10:00', '');
  await open(page, address());
  await link(page, visit).focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await expect(page.locator('[data-ghost]')).toContainText('10:30 AM');
  await page.keyboard.press('Escape');
  await expect(page.locator('[data-ghost]')).toHaveCount(0);
  await expect(link(page, visit)).toContainText('10:00 AM');

  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await expect(notice(page, visit)).toContainText('at 9:45 AM.');
  await expect(notice(page, visit)).toContainText('not told by itself');
  await expect(link(page, visit)).toBeFocused();

  await page.keyboard.press('m');
  await expect(page.getByRole('heading', { name: 'Move the visit of' })).toBeVisible();
  await page.getByLabel('New date and time').fill(`${DAY}T11:00`);
  await page.getByRole('button', { name: 'Move visit' }).click();
  await expect(link(page, visit)).toContainText('11:00 AM');
});

test('a form moves a visit, says so, and takes it back', { tag: '@noscript-only' }, async ({ page }) => {
  await newBusiness(page);
  const visit = await book(page, await newCustomer(page), '10:00', 'Ana');
  await page.goto(address());
  await block(page, visit).getByRole('link', { name: 'Move…' }).click();
  await page.getByLabel('New date and time').fill(`${DAY}T16:15`);
  await page.getByLabel('Text the customer the new time').selectOption('yes');
  await page.getByRole('button', { name: 'Move visit' }).click();
  await expect(notice(page, visit)).toContainText('at 4:15 PM.');
  await expect(link(page, visit)).toContainText('4:15 PM');
  await notice(page, visit).getByRole('button', { name: 'Undo' }).click();
  await expect(link(page, visit)).toContainText('10:00 AM');
});

test('who has another visit then is named, and an owner may book both', async ({ page }) => {
  await newBusiness(page);
  const [ada, ben] = [await newCustomer(page), await newCustomer(page, 'Ben Carter')];
  await book(page, ben, '15:00', 'Ana');
  const visit = await book(page, ada, '14:00', 'Ana');
  await open(page, address());
  await drag(page, visit, 4);
  const clash = page.getByRole('alert').filter({ hasText: 'Ana has Ben Carter' });
  await expect(clash).toBeVisible();
  await clash.getByRole('button', { name: 'Double-book' }).click();
  await expect(notice(page, visit)).toContainText('at 3:00 PM.');
  await expect(page.locator('.col-span-30')).toHaveCount(2);
});

test('a week and a month show what there is', async ({ page }) => {
  await newBusiness(page);
  const visit = await book(page, await newCustomer(page), '10:00', 'Ana');
  await open(page, `/appointments?view=week&date=${DAY}`);
  await expect(link(page, visit)).toBeVisible();
  await look(page, 'calendar-week', ['desktop']);
  await page.getByRole('link', { name: 'Month', exact: true }).click();
  await expect(page.locator(`[data-day="${DAY}"]`)).toContainText('1 visit');
  await page.locator(`[data-day="${DAY}"]`).click();
  await expect(link(page, visit)).toContainText('10:00 AM');
});
