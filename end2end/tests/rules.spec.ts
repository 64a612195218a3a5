// What conversations do by themselves: who gets them, and when they are closed; and who is away.
import { OUR_NUMBER, appears, axe, bubble, expect, look, newBusiness, newColleague, newConversation, newCustomer, open, send, test } from '../helpers';

const PAGE = '/settings/inbox';

test('who gets conversations and when they are closed is chosen in a form', { tag: ['@form', '@phone'] }, async ({ page }) => {
  await newBusiness(page);
  await open(page, '/settings');
  await page.getByRole('main').getByRole('link', { name: 'Inbox' }).click();
  await expect(page.getByRole('heading', { name: 'Inbox', exact: true })).toBeVisible();
  const days = page.getByLabel('Close quiet conversations after so many days');
  await expect(days).toHaveValue('14');
  await page.getByLabel('Give a conversation that is nobody’s').selectOption('In turn to everybody who is available');
  await days.fill('400');
  await page.getByRole('button', { name: 'Save inbox settings' }).click();
  await expect(page.getByText('Please give a whole number of days from 1 to 365')).toBeVisible();
  await expect(days, 'what was typed stays').toHaveValue('400');
  await days.fill('30');
  await page.getByRole('button', { name: 'Save inbox settings' }).click();
  await expect(page.getByText('Saved.')).toBeVisible();
  await look(page, 'inbox-settings');
  await axe(page);
  await open(page, PAGE);
  await expect(days).toHaveValue('30');
  await expect(page.getByLabel('Give a conversation that is nobody’s')).toHaveValue('round_robin');
});

test('one says that one is away, and is back', { tag: ['@form', '@phone'] }, async ({ page }) => {
  await newBusiness(page);
  await open(page, '/notifications');
  const place = page.getByRole('region', { name: 'Availability' });
  await expect(place).toContainText('You are available');
  await place.getByRole('button', { name: 'I’m away' }).click();
  await expect(place).toContainText('You are away');
  await open(page, PAGE);
  await expect(page.getByText('Away just now: ')).toBeVisible();
  await open(page, '/notifications');
  await place.getByRole('button', { name: 'I’m back' }).click();
  await expect(place).toContainText('You are available');
  await axe(page);
});

test('a text goes to who is there', async ({ page, browser, sim }) => {
  const owner = await newBusiness(page);
  const maya = await newColleague(browser, owner, 'Maya Lopez');
  await open(page, PAGE);
  await page.getByLabel('Give a conversation that is nobody’s').selectOption('In turn to everybody who is available');
  await page.getByRole('button', { name: 'Save inbox settings' }).click();
  await expect(page.getByText('Saved.')).toBeVisible();
  await open(page, '/notifications');
  await page.getByRole('button', { name: 'I’m away' }).click();
  await expect(page.getByRole('button', { name: 'I’m back' })).toBeVisible();
  const ada = await newCustomer(page);
  await newConversation(page, ada);
  await send(page, 'Anything we should know?');
  await sim.received(ada.phone, 'Anything we should know?');
  await sim.text(ada.phone, OUR_NUMBER, 'Is there parking?');
  await appears(page, bubble(page, 'Is there parking?'));
  await open(maya, '/inbox?show=mine');
  await expect(maya.getByRole('region', { name: 'Conversations' })).toContainText('Is there parking?');
  await maya.context().close();
});
