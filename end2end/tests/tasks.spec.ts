// What needs a person.
import { OUR_NUMBER, appears, expect, newBusiness, newCustomer, open, openNewVisit, test } from '../helpers';

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
