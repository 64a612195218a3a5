// Second thoughts: a reply that is taken back, a text for later, many conversations at once and all of that undone.
import { OUR_NUMBER, appears, axe, bubble, expect, inDays, isLive, look, newBusiness, newConversation, newCustomer, open, send, test } from '../helpers';
import type { Page } from '@playwright/test';

const list = (page: Page) => page.getByRole('region', { name: 'Conversations' });
const reply = (page: Page) => page.getByLabel('Reply', { exact: true });
const tick = (page: Page, name: string) => list(page).getByRole('checkbox', { name: `Select ${name}` });
const bar = (page: Page) => page.getByRole('form', { name: 'The selected conversations' });

test('a reply waits five seconds, and is taken back with its text', { tag: ['@form', '@phone'] }, async ({ page, sim }) => {
  await newBusiness(page, { undoSeconds: 10 });
  const ada = await newCustomer(page);
  await newConversation(page, ada);
  await send(page, 'See you on Tursday');
  await appears(page, bubble(page, 'it can still be taken back'));
  await bubble(page, 'See you on Tursday').getByRole('button', { name: 'Undo' }).click();
  await expect(bubble(page, 'See you on Tursday')).toContainText('Taken back by');
  await expect(reply(page)).toHaveValue('See you on Tursday');
  await send(page, 'See you on Thursday');
  expect((await sim.received(ada.phone, 'See you')).body).toContain('Thursday');
});

test('z takes a reply back', async ({ page }) => {
  await newBusiness(page, { undoSeconds: 10 });
  await newConversation(page, await newCustomer(page));
  await send(page, 'Too soon');
  await expect(bubble(page, 'it can still be taken back')).toBeVisible();
  await reply(page).blur();
  await page.keyboard.press('z');
  await expect(bubble(page, 'Too soon')).toContainText('Taken back by');
  await expect(reply(page)).toHaveValue('Too soon');
});

test('how long a reply is held is for each person to say', { tag: '@form' }, async ({ page }) => {
  await newBusiness(page, { undoSeconds: 5 });
  await open(page, '/settings/own');
  const own = page.getByRole('region', { name: 'Your replies' });
  await expect(own.getByLabel('Hold my replies')).toHaveValue('5');
  await own.getByLabel('Hold my replies').selectOption('0');
  await own.getByRole('button', { name: 'Save' }).click();
  await expect(own.getByText('Saved.')).toBeVisible();
  await newConversation(page, await newCustomer(page));
  await send(page, 'At once');
  await appears(page, bubble(page, 'At once'));
  await expect(bubble(page, 'At once').getByRole('button', { name: 'Undo' })).toBeHidden();
});

test('a text for later is shown, changed, paused when the customer writes, and sent all the same', { tag: ['@form', '@phone'] }, async ({ page, sim }) => {
  await newBusiness(page);
  const ada = await newCustomer(page);
  await newConversation(page, ada);
  await send(page, 'Hello');
  await sim.received(ada.phone, 'Hello');
  await reply(page).fill('How was your visit?');
  const later = page.locator('summary').filter({ hasText: 'Later' });
  await later.click();
  await look(page, 'send-later');
  await page.getByLabel('Another time').fill(inDays(2));
  await page.getByRole('button', { name: 'Send then' }).click();
  const text = bubble(page, 'How was your visit?');
  await appears(page, text.getByText('Scheduled for'));
  await look(page, 'scheduled');
  await text.locator('summary').filter({ hasText: 'Change' }).click();
  await text.getByLabel('Text').fill('How did you like it?');
  await text.getByRole('button', { name: 'Save' }).click();
  const changed = bubble(page, 'How did you like it?');
  await appears(page, changed.getByText('Scheduled for'));
  await sim.text(ada.phone, OUR_NUMBER, 'I could not come');
  await appears(page, changed.getByText('Paused, because the customer wrote.'));
  await look(page, 'paused', ['desktop']);
  await changed.getByRole('button', { name: 'Send anyway' }).click();
  await appears(page, changed.getByText('Scheduled for'));
  await changed.getByRole('button', { name: 'Send now' }).click();
  await sim.received(ada.phone, 'How did you like it?');
});

test('a text for later is cancelled', { tag: '@form' }, async ({ page }) => {
  await newBusiness(page);
  await newConversation(page, await newCustomer(page));
  await reply(page).fill('Never mind');
  await page.locator('summary').filter({ hasText: 'Later' }).click();
  await page.getByRole('button', { name: /^Tomorrow 9:00/ }).click();
  const text = bubble(page, 'Never mind');
  await appears(page, text.getByText('Scheduled for'));
  await text.getByRole('button', { name: 'Cancel' }).click();
  await appears(page, text.getByText('Cancelled').first());
  await expect(text.getByRole('button', { name: 'Send now' })).toBeHidden();
});

async function twoConversations(page: Page, sim: { text(from: string, to: string, body: string): Promise<void>; received(to: string, text: string): Promise<unknown> }) {
  await newBusiness(page);
  const written = async (name: string) => {
    const person = await newCustomer(page, name);
    await newConversation(page, person);
    await send(page, 'Anything we should know?');
    await sim.received(person.phone, 'Anything');
    return person;
  };
  const [ada, bo] = [await written('Ada Sommer'), await written('Bo Winter')];
  await open(page, '/inbox');
  return { ada, bo };
}

test('what is ticked is closed together and opened again with one press', { tag: ['@form', '@phone'] }, async ({ page, sim }) => {
  await twoConversations(page, sim);
  await expect(bar(page)).toBeHidden();
  await tick(page, 'Ada Sommer').check();
  await tick(page, 'Bo Winter').check();
  await expect(bar(page)).toBeVisible();
  await look(page, 'selected');
  await bar(page).getByRole('button', { name: 'Close' }).click();
  await appears(page, page.getByText('2 closed'));
  await axe(page);
  await page.getByRole('button', { name: 'Undo' }).click();
  await appears(page, page.getByText('2 put back'));
  await open(page, '/inbox?show=open');
  await expect(list(page).getByText('Bo Winter')).toBeVisible();
});

test('all of a view is a second step that says how many they are', { tag: '@form' }, async ({ page, sim }) => {
  await twoConversations(page, sim);
  await open(page, '/inbox?show=open');
  await tick(page, 'Ada Sommer').check();
  await bar(page).getByRole('link', { name: 'Select all in this view' }).click();
  await expect(bar(page)).toContainText('All 2 in this view are selected.');
  await bar(page).locator('summary').filter({ hasText: 'Snooze' }).click();
  await bar(page).getByRole('button', { name: /^Tomorrow 9:00/ }).click();
  await appears(page, page.getByText('2 snoozed'));
});

test('keys tick conversations, and z undoes', async ({ page, sim }) => {
  await twoConversations(page, sim);
  await page.keyboard.press('j');
  await page.keyboard.press('x');
  await expect(bar(page)).toContainText('1 selected');
  await page.keyboard.press('*');
  await page.keyboard.press('a');
  await expect(bar(page)).toContainText('2 selected');
  await page.keyboard.press('*');
  await page.keyboard.press('n');
  await expect(bar(page)).toBeHidden();
  await page.keyboard.press('x');
  await page.keyboard.press('j');
  await page.keyboard.press('Shift+X');
  await expect(bar(page)).toContainText('2 selected');
  await bar(page).getByRole('button', { name: 'Close' }).click();
  await expect(page.getByText('2 closed')).toBeVisible();
  await page.keyboard.press('z');
  await expect(page.getByText('2 put back')).toBeVisible();
});

test('the row one is at keeps the focus when it is drawn anew or others move past it', async ({ page, sim }) => {
  const { ada, bo } = await twoConversations(page, sim);
  await isLive(page);
  const row = (name: string) => list(page).getByRole('link').filter({ hasText: name });
  await row('Ada Sommer').focus();
  await sim.text(bo.phone, OUR_NUMBER, 'May I come later?');
  await expect(list(page).locator('a.row').first()).toContainText('May I come later?');
  await expect(row('Ada Sommer')).toBeFocused();
  await sim.text(ada.phone, OUR_NUMBER, 'I am on my way');
  await expect(list(page).locator('a.row').first()).toContainText('I am on my way');
  await expect(row('Ada Sommer')).toBeFocused();
  await page.keyboard.press('x');
  await expect(tick(page, 'Ada Sommer')).toBeChecked();
  await tick(page, 'Ada Sommer').focus();
  await sim.text(ada.phone, OUR_NUMBER, 'Nearly there');
  await expect(list(page).locator('a.row').first()).toContainText('Nearly there');
  await expect(tick(page, 'Ada Sommer')).toBeFocused();
  await expect(tick(page, 'Ada Sommer')).toBeChecked();
});

test('z undoes what was done to the open conversation', async ({ page }) => {
  await newBusiness(page);
  await newConversation(page, await newCustomer(page));
  await page.getByRole('group', { name: 'This conversation' }).getByRole('button', { name: 'Close', exact: true }).click();
  await expect(page.getByText('1 closed')).toBeVisible();
  await page.keyboard.press('z');
  await expect(page.getByText('1 put back')).toBeVisible();
  await expect(page.getByRole('group', { name: 'This conversation' }).getByRole('button', { name: 'Close', exact: true })).toBeVisible();
});

/** A finger that goes sideways over a row, as the browser tells of it. */
async function swipe(page: Page, name: string, by: number) {
  await list(page)
    .getByRole('listitem')
    .filter({ hasText: name })
    .evaluate((row, by) => {
      const { left, top, width, height } = row.getBoundingClientRect();
      const [x, y] = [left + width / 2, top + height / 2];
      const tell = (type: string, dx: number) => {
        const finger = new Touch({ identifier: 1, target: row, clientX: x + dx, clientY: y });
        row.dispatchEvent(new TouchEvent(type, { touches: type === 'touchend' ? [] : [finger], changedTouches: [finger], bubbles: true, cancelable: true }));
      };
      tell('touchstart', 0);
      for (let step = 1; step <= 10; step++) tell('touchmove', (by * step) / 10);
      tell('touchend', by);
    }, by);
}

test('on a phone a swipe does the two commonest things, and so does the menu of a row', { tag: '@phone-only' }, async ({ page, sim }) => {
  const { ada, bo } = await twoConversations(page, sim);
  await sim.text(ada.phone, OUR_NUMBER, 'May I come later?');
  await sim.text(bo.phone, OUR_NUMBER, 'Thank you so much');
  await open(page, '/inbox?show=needs_answer');
  const rowOf = (name: string) => list(page).getByRole('listitem').filter({ hasText: name });
  await expect(rowOf('Bo Winter')).toContainText('Thank you');
  await swipe(page, 'Bo Winter', 30);
  await expect(rowOf('Bo Winter'), 'a little is nothing').toBeVisible();
  await swipe(page, 'Bo Winter', 160);
  await expect(rowOf('Bo Winter')).toBeHidden();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(rowOf('Bo Winter')).toBeVisible();
  await swipe(page, 'Ada Sommer', -160);
  await expect(rowOf('Ada Sommer')).toBeHidden();
  await expect(page.getByText('1 snoozed')).toBeVisible();
  await rowOf('Bo Winter').getByRole('button', { name: 'Actions for Bo Winter' }).click();
  const sheet = page.getByRole('dialog', { name: 'Bo Winter' });
  await expect(sheet).toBeVisible();
  await look(page, 'row-menu');
  await axe(page);
  await sheet.getByRole('button', { name: 'Close', exact: true }).click();
  await expect(rowOf('Bo Winter')).toBeHidden();
});
