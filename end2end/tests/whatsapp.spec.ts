// WhatsApp: a template that is turned down and put right, and the 24 hours that end while somebody is writing.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { type Sim, type SimTemplate, expect, look, newBusiness, newCustomer, newPhone, newVisit, open, test } from '../helpers';

const NUMBERS = '/settings/numbers';

/** A business with a sender of its own on WhatsApp: the sender's address, and how names of its templates begin. */
async function onWhatsApp(page: Page, sim: Sim) {
  const { business } = await newBusiness(page);
  const slug = business.toLowerCase().replace(/ /g, '-');
  const sender = await sim.sender(newPhone().replace('55501', '55503'));
  const showup = process.env.SHOWUP_BIN ?? join(__dirname, '../../target/debug/showup');
  execFileSync(showup, ['admin', 'add-number', '--business', slug, '--number', sender]);
  return { sender, names: slug.replace(/[^a-z0-9]/g, '_').slice(0, 40) };
}

const reminder = (page: Page, state: string) => page.locator(`[data-wording=reminder][data-language=en][data-state=${state}]`);

/** Hands the reminder in as it stands, and gives what the simulator has made of it. */
async function handIn(page: Page, sim: Sim, names: string): Promise<SimTemplate> {
  await open(page, NUMBERS);
  await reminder(page, 'draft').getByRole('button', { name: 'Hand in for approval' }).click();
  await expect(reminder(page, 'draft')).toHaveCount(0);
  let found: SimTemplate | undefined;
  const ours = ({ content }: SimTemplate) => !!content.approval?.name.startsWith(`${names}_reminder_en`);
  await expect.poll(async () => (found = (await sim.templates()).filter(ours).pop()) !== undefined).toBe(true);
  return found!;
}

/** It is looked at from time to time; what WhatsApp has said stands there then. */
async function becomes(page: Page, state: string) {
  await expect(async () => {
    await page.goto(NUMBERS);
    await expect(reminder(page, state).first()).toBeVisible({ timeout: 2_000 });
  }).toPass({ intervals: [5_000] });
}

test('a template that WhatsApp rejects is put right, handed in again and approved', async ({ page, sim }) => {
  const { names } = await onWhatsApp(page, sim);
  const first = await handIn(page, sim, names);
  await sim.decide(first.content.sid, 'rejected', 'INVALID_FORMAT. Please say who you are.');
  await becomes(page, 'rejected');
  await expect(reminder(page, 'rejected')).toContainText('Please say who you are');

  await open(page, '/settings/templates?channel=whatsapp&language=en');
  await expect(page.locator('[data-kind=reminder] [data-approval=rejected]')).toContainText('Please say who you are');
  await open(page, '/settings/templates?kind=reminder&channel=whatsapp&language=en');
  await page.getByLabel('Words').fill('Hello from {{ business }}. We see you on {{ date }} at the hour of {{ time }}{{ token }}, if you can come.');
  await page.getByRole('button', { name: 'Save text' }).click();
  await expect(page.locator('#template-wrong')).toContainText('Please leave it out');
  await page.getByLabel('Words').fill('Hello from {{ business }}. We see you on {{ date }} at the hour of {{ time }}, if you can come.');
  await page.getByRole('button', { name: 'Save text' }).click();
  await expect(page.getByText('Saved. From now on this is what customers get.')).toBeVisible();
  await look(page, 'template-whatsapp', ['desktop', 'phone']);

  const second = await handIn(page, sim, names);
  expect(second.content.sid).not.toBe(first.content.sid);
  await sim.decide(second.content.sid, 'approved');
  await becomes(page, 'approved');
  await expect(reminder(page, 'approved')).toContainText('if you can come');
});

test('the 24 hours end while somebody writes: the words stay, and what is approved may still go', async ({ page, sim }) => {
  const { sender, names } = await onWhatsApp(page, sim);
  const template = await handIn(page, sim, names);
  await sim.decide(template.content.sid, 'approved');
  await becomes(page, 'approved');
  const ada = await newCustomer(page);
  await newVisit(page, ada);
  const person = `whatsapp:${ada.phone}`;
  await sim.text(person, sender, 'Where do I park?');

  await page.clock.install();
  await open(page, '/inbox');
  await page.getByRole('link', { name: /Ada Sommer/ }).first().click();
  await expect(page.locator('[data-free-until]')).toContainText(/free text until .* 23 h 5\d min left/);
  await page.getByLabel('Reply', { exact: true }).fill('Behind the house, there are');
  await page.clock.fastForward('24:01:00');
  await expect(page.getByText('More than 24 hours have passed')).toBeVisible();
  await expect(page.getByText('Behind the house, there are')).toBeVisible();
  const ready = page.getByRole('list', { name: 'Approved texts' });
  await expect(ready.getByRole('listitem')).toHaveCount(1);
  await look(page, 'whatsapp-closed', ['desktop', 'phone']);
  await ready.getByRole('button', { name: 'Send this reminder' }).click();
  await sim.received(person, /your visit/);
});
