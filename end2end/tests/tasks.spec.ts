// What needs a person.
import { OUR_NUMBER, appears, expect, newBusiness, newConversation, newCustomer, open, openNewVisit, scripted, send, test } from '../helpers';

test('a task comes by itself, is done, and taken back', { tag: '@form' }, async ({ page, sim }) => {
  await newBusiness(page);
  const ada = await newCustomer(page);
  await openNewVisit(page, ada);
  await page.getByRole('button', { name: 'Remind now' }).click();
  await sim.received(ada.phone, /Reply Y to confirm or N/);

  await open(page, '/tasks');
  await expect(page.getByText('Nothing to do')).toBeVisible();
  await sim.text(ada.phone, OUR_NUMBER, 'N');
  const task = page.locator('[data-task=reschedule]');
  await appears(page, task);
  await expect(task).toContainText('Find another time');
  await expect(task.getByRole('link', { name: ada.name })).toBeVisible();

  await task.getByRole('button', { name: 'Done' }).click();
  await expect(page.getByText('Task done.')).toBeVisible();
  await expect(task).toHaveCount(0);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(task).toBeVisible();
  await expect(page.getByText('Task done.')).toBeHidden();

  await task.getByRole('button', { name: 'Done' }).click();
  await expect(page.getByText('Task done.')).toBeVisible();
  await page.getByRole('link', { name: 'Done', exact: true }).click();
  await expect(task).toContainText('by Robin Okafor');
  await task.getByRole('button', { name: 'Undo' }).click();
  await expect(task).toHaveCount(0);
  await page.getByRole('link', { name: 'Open', exact: true }).click();
  await expect(task).toBeVisible();
});

test('a task leads to the visit and to the conversation', async ({ page, sim }) => {
  await newBusiness(page);
  const ada = await newCustomer(page);
  await openNewVisit(page, ada);
  await page.getByRole('button', { name: 'Remind now' }).click();
  await sim.received(ada.phone, /Reply Y to confirm or N/);
  await sim.text(ada.phone, OUR_NUMBER, 'N');
  await open(page, '/tasks');
  await appears(page, page.locator('[data-task=reschedule]'));

  await page.getByRole('link', { name: 'Open appointment' }).click();
  await expect(page.getByRole('heading', { level: 1, name: ada.name })).toBeVisible();
  await page.goBack();
  await page.getByRole('link', { name: 'Open conversation' }).click();
  await expect(page.getByRole('group', { name: 'Messages' })).toContainText('N');
});

test('a task by hand is given to somebody, stands among theirs, and is late once its time has passed', { tag: '@form' }, async ({ page }) => {
  await newBusiness(page);
  const ada = await newCustomer(page);
  await open(page, `/tasks/new?contact=${ada.id}`);
  await expect(page.getByText(`About ${ada.name}`)).toBeVisible();
  await page.getByLabel('What is to be done').fill('Order the crown');
  await page.getByLabel('Due (optional)').fill('2026-01-05T09:00');
  await page.getByLabel('Who looks after it').selectOption({ label: 'Robin Okafor (me)' });
  await page.getByLabel('Notes').fill('Shade A2');
  await page.getByRole('button', { name: 'Save task' }).click();
  await expect(page).toHaveURL(/\/tasks$/);

  const task = page.locator('[data-task=by_hand]');
  for (const tab of ['Mine', 'Overdue']) {
    await page.getByRole('link', { name: tab, exact: true }).click();
    await expect(task).toContainText('Order the crown');
    await expect(task).toContainText('Overdue since');
  }
  await task.getByRole('link', { name: 'Order the crown' }).click();
  await page.getByLabel('Due (optional)').fill('');
  await page.getByLabel('Who looks after it').selectOption({ label: 'Nobody yet' });
  await page.getByRole('button', { name: 'Save task' }).click();
  await expect(page.getByText('Saved.')).toBeVisible();

  await open(page, '/tasks?assignee=me');
  await expect(page.getByText('Nothing to do for you')).toBeVisible();
  await open(page, '/tasks?assignee=none');
  await task.getByRole('button', { name: 'Take it' }).click();
  await open(page, '/tasks?assignee=me');
  await expect(task).toContainText('Robin Okafor looks after it');
});

test('a task is made of a message, and by a key', async ({ page, sim }) => {
  await newBusiness(page);
  const ada = await newCustomer(page);
  await newConversation(page, ada);
  await send(page, 'Anything else?');
  await sim.received(ada.phone, 'Anything else?');
  await sim.text(ada.phone, OUR_NUMBER, 'Please send me the bill.');
  await appears(page, page.getByRole('link', { name: 'Make a task' }));
  await page.getByRole('link', { name: 'Make a task' }).click();
  await expect(page.getByLabel('What is to be done')).toBeVisible();
  await expect(page.getByText('Please send me the bill.').first()).toBeVisible();
  await page.getByLabel('What is to be done').fill('Send the bill');
  await page.getByRole('button', { name: 'Save task' }).click();
  await expect(page.locator('[data-task=by_hand]')).toContainText('Send the bill');
  if (!scripted()) return;
  await page.getByRole('heading', { level: 1 }).click();
  await page.keyboard.press('t');
  await expect(page).toHaveURL(/\/tasks\/new/);
});
