// A cancelled visit is filled by three ways: Ben declines by text, Cleo's hold runs out on WhatsApp, Dora takes it on the page of a mail, and
// the visit that she gives up goes to Eli.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { type Customer, type Sim, expect, idIn, inDays, look, newBusiness, newCustomer, newPhone, open, post, test } from '../helpers';

/** Gives the business a WhatsApp sender, as whoever runs the installation does. */
async function whatsappFor(sim: Sim, business: string) {
  const base = test.info().project.use.baseURL;
  const sender = await sim.sender(newPhone(), {
    callback_url: `${base}/webhooks/twilio/inbound`,
    status_callback_url: `${base}/webhooks/twilio/status`,
  });
  const showup = process.env.SHOWUP_BIN ?? join(__dirname, '../../target/debug/showup');
  execFileSync(showup, ['admin', 'add-number', '--business', business.toLowerCase().replace(/ /g, '-'), '--number', sender]);
  return sender;
}

/** Says what somebody agreed to, as staff note it. */
const agrees = (page: Page, { id }: Customer, about: string) =>
  post(page, `/contacts/${id}`, 'record_consent', { contact_id: id, state: 'opted_in', evidence: 'Signed at the desk', about });

/** Puts somebody on the list who wants to hear of free times this way. */
const waits = (page: Page, { id }: Customer, more: Record<string, string> = {}) =>
  post(page, `/waitlist/new?contact=${id}`, 'add_entry', { contact_id: id, notes: '', ...more });

async function visitOf(page: Page, { id }: Customer, days: number) {
  const form = { contact_id: id, starts_at: inDays(days, '10:00'), staff_label: '', notes: '' };
  return idIn(await post(page, `/appointments/new?contact=${id}`, 'create_appointment', form));
}

const card = (page: Page, column: string) => page.locator(`[data-column=${column}] [data-slot]`);

test('a cancelled visit is filled by text, WhatsApp and mail, and so is the one given up for it', async ({ page, browser, sim }) => {
  const { business } = await newBusiness(page);
  const sender = await whatsappFor(sim, business);
  const [ana, ben, cleo] = [await newCustomer(page, 'Ana Ruiz'), await newCustomer(page, 'Ben Ode'), await newCustomer(page, 'Cleo Park')];
  const mail = `dora${Date.now()}@x.test`;
  const [dora, eli] = [await newCustomer(page, 'Dora Maar', mail), await newCustomer(page, 'Eli Stone')];
  await agrees(page, dora, 'email:transactional');

  // Cleo writes on WhatsApp, and waits there.
  const chat = `whatsapp:${cleo.phone}`;
  await sim.text(chat, sender, 'Hi');
  const anas = await visitOf(page, ana, 3);
  const doras = await visitOf(page, dora, 10);
  await waits(page, ben);
  await waits(page, cleo, { channel: 'whatsapp' });
  await waits(page, dora, { channel: 'email', instead_of: doras });
  await waits(page, eli);

  await open(page, '/waitlist');
  await post(page, `/appointments/${anas}`, 'act_on_appointment', { id: anas, act: 'cancel' });
  const toBen = await sim.received(ben.phone, 'Reply Y');
  await sim.text(ben.phone, toBen.from!, 'N');

  await sim.received(chat, 'opened');
  await expect(card(page, 'offering').locator('[data-offer=sent]')).toBeVisible();
  await look(page, 'waitlist-three-ways', ['desktop', 'phone']);
  // Nobody waits half an hour for this: staff pass her over, as the end of her hold would.
  const slot = await card(page, 'offering').first().getAttribute('data-slot');
  await open(page, `/waitlist/slots/${slot}`);
  await page.getByRole('button', { name: /Skip/ }).first().click();

  let url = '';
  await expect
    .poll(async () => {
      const texts = (await sim.mails(mail)).map(({ text }) => text ?? '').join('\n');
      return (url = texts.match(/\S+\/o\/[0-9A-Za-z]+/)?.[0] ?? '');
    })
    .not.toBe('');
  const phone = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 360, height: 740 } });
  const theirs = await phone.newPage();
  await theirs.goto(new URL(url).pathname);
  await expect(theirs.getByRole('heading', { name: 'A time has come free' })).toBeVisible();
  await expect(theirs.getByText('this visit is given up')).toBeVisible();
  // Looking took nothing.
  await theirs.reload();
  await theirs.getByRole('button', { name: 'Yes, I take it' }).click();
  await expect(theirs.getByRole('heading', { name: 'It is yours' })).toBeVisible();
  await theirs.getByRole('link', { name: /calendar/ }).click();
  await expect(theirs).toHaveURL(/\/v\//);
  await phone.close();

  // Dora's old time goes to Eli.
  const toEli = await sim.received(eli.phone, 'Reply Y');
  await sim.text(eli.phone, toEli.from!, 'Y');
  await sim.received(eli.phone, "you're in");
  await open(page, '/waitlist');
  await expect(card(page, 'taken')).toHaveCount(2);
});
