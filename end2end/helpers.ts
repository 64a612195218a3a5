import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { type APIRequestContext, type Browser, type Locator, type Page, test as base, expect, request } from '@playwright/test';
import { postForm } from './forms';

export { expect };

export interface Account {
  business: string;
  name: string;
  email: string;
  password: string;
}

/**
 * Playwright's `test`, which also fails when a page throws or writes an error to the console (a panic in WebAssembly,
 * a hydration mismatch, a blocked script), and has `sim`, the customers' phones.
 */
export const test = base.extend<{ quietConsole: void; sim: Sim }>({
  quietConsole: [
    async ({ page }, use) => {
      const said: string[] = [];
      page.on('pageerror', (error) => said.push(error.message));
      page.on('console', (message) => {
        // An answer with status 4xx is reported too, and is often what the test is about; so is a page's file that does not come.
        const answer = /^Failed to load resource|on 'WebAssembly': HTTP status code is not ok/.test(message.text());
        if (message.type() === 'error' && !answer) said.push(message.text());
      });
      await use();
      expect(said, 'the browser console stays quiet').toEqual([]);
    },
    { auto: true },
  ],
  sim: async ({}, use) => {
    const api = await request.newContext({ baseURL: process.env.SIM_URL ?? 'http://127.0.0.1:4010' });
    await use(new Sim(api));
    await api.dispose();
  },
});

/** Signs in through the form and waits for the page after it. */
export async function signIn(page: Page, { email, password }: { email: string; password: string }) {
  await page.goto('/signin');
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page).toHaveURL(/\/today/);
}

/** Signs up through the form and waits for the page after it. */
export async function signUp(page: Page): Promise<Account> {
  const account = newAccount();
  await page.goto('/signup');
  await page.getByLabel('Business name').fill(account.business);
  await page.getByLabel('Your name').fill(account.name);
  await page.getByLabel('E-mail').fill(account.email);
  await page.getByLabel('Password').fill(account.password);
  await page.getByRole('button', { name: 'Create business' }).click();
  await expect(page).toHaveURL(/\/today/);
  return account;
}

/**
 * A business of its own, so that tests don't see one another; no page is open yet. Its owner's replies go out at once: five seconds of
 * every test that waits for one would be waited for nothing.
 */
export async function newBusiness(page: Page, { undoSeconds = 0 } = {}): Promise<Account> {
  const account = newAccount();
  const { business: business_name, ...rest } = account;
  expect(await post(page, '/signup', 'sign_up', { business_name, ...rest, time_zone: 'America/Chicago' })).toBe('/today');
  if (undoSeconds !== 5) await post(page, '/settings/own', 'set_undo_seconds', { undo_seconds: `${undoSeconds}` });
  return account;
}

export const post = (page: Page, path: string, name: string, form: Record<string, string>) => postForm(page.request, path, name, form);

/** Names and an address that no other test has. */
export function newAccount(): Account {
  const id = `${Date.now().toString(36)}${randomInt(1e6).toString(36)}`;
  return { business: `Salon ${id}`, name: 'Robin Okafor', email: `robin.${id}@example.com`, password: `correct horse ${id}` };
}

const AREA_CODES = '205 206 212 213 214 216 303 305 312 313 314 404 407 412 503 504 512 602 612 615 617 619 702 713 718 773 801 808 816'.split(' ');
let phones = 0;

/**
 * A number that no other test has: texts to the shared sender go to the business that wrote to this phone last. 555-0100 to
 * 555-0199 are kept free for examples in every area code; 415 is the demo's.
 */
export function newPhone(): string {
  const n = test.info().workerIndex * 120 + phones++;
  return `+1${AREA_CODES[Math.floor(n / 100) % AREA_CODES.length]}55501${String(n % 100).padStart(2, '0')}`;
}

/** The number all businesses of these tests send from. */
export const OUR_NUMBER = process.env.TWILIO_FROM ?? '+15005550006';

/** Whether the page of this test may run scripts. */
export const scripted = () => test.info().project.use.javaScriptEnabled !== false;

/** Opens a page of a signed-in person; with JavaScript once it has come to life. */
export async function open(page: Page, path: string) {
  await page.goto(path);
  if (scripted()) await isLive(page);
}

/** The page hears what happens. */
export const isLive = (page: Page) => expect(page.locator('html')).toHaveAttribute('data-live', 'open');

/** The page shows it by itself; without JavaScript, after loading it again. */
export async function appears(page: Page, what: Locator) {
  if (scripted()) {
    await expect(what).toBeVisible();
    return;
  }
  await expect(async () => {
    await page.reload();
    // What covers the rest is opened only where it is needed.
    if (!(await what.isVisible())) await details(page);
    await expect(what).toBeVisible({ timeout: 1_000 });
  }).toPass();
}

/** Opens the person's column where there is no room for it beside the thread. */
export async function details(page: Page) {
  const button = page.getByRole('button', { name: 'Details' });
  if ((await button.isVisible()) && !(await person(page).isVisible())) await button.click();
}

export const person = (page: Page) => page.getByRole('complementary', { name: 'Contact details' });

export interface Customer {
  id: string;
  name: string;
  phone: string;
}

/** A contact who agreed to texts. */
export async function newCustomer(page: Page, name = 'Ada Sommer', email = ''): Promise<Customer> {
  const phone = newPhone();
  const path = await post(page, '/contacts/new', 'create_contact', { name, phone, email, time_zone: '', language: '', tags: '', notes: '', agreed: 'yes' });
  return { id: idIn(path), name, phone };
}

/** A visit three days from now. */
export async function newVisit(page: Page, { id }: Customer): Promise<string> {
  const form = { contact_id: id, starts_at: inDays(3), staff_label: '', notes: '' };
  return idIn(await post(page, `/appointments/new?contact=${id}`, 'create_appointment', form));
}

/** Opens the page of a new visit. */
export async function openNewVisit(page: Page, customer: Customer) {
  await open(page, `/appointments/${await newVisit(page, customer)}`);
}

/** Begins the conversation with a customer and opens it. */
export async function newConversation(page: Page, { id }: Customer) {
  await open(page, await post(page, `/contacts/${id}`, 'text_contact', { contact_id: id }));
  await expect(page.getByLabel('Reply', { exact: true })).toBeVisible();
}

/** Sets what bounds the sending of the business; an empty budget is none. */
export async function setLimits(page: Page, { budget = '', hourly = '100' }: { budget?: string; hourly?: string }) {
  await post(page, '/settings/limits', 'update_limits', { monthly_budget: budget, hourly_limit: hourly });
}

/** Writes a reply in the open conversation and sends it. */
export async function send(page: Page, text: string) {
  const over = person(page).getByRole('button', { name: 'Close' });
  if (await over.isVisible()) await over.click();
  await page.getByLabel('Reply', { exact: true }).fill(text);
  await page.getByRole('button', { name: 'Send', exact: true }).click();
}

/** A bubble of the open thread with what stands under it. */
export const bubble = (page: Page, text: string | RegExp) => page.getByRole('group', { name: 'Messages' }).getByRole('listitem').filter({ hasText: text });

/** A local date and time as an input takes it, at an hour when people are awake. */
export function inDays(days: number, time = '15:30'): string {
  return `${new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)}T${time}`;
}

export function idIn(path: string): string {
  const id = /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(path)?.[0];
  expect(id, `an id in ${path}`).toBeDefined();
  return id!;
}

/** Opens the account menu and signs out. */
export async function signOut(page: Page) {
  await page.locator('summary').and(page.getByText('Account').or(page.getByLabel('Account'))).locator('visible=true').first().click();
  await page.getByRole('button', { name: 'Sign out' }).locator('visible=true').first().click();
  await expect(page).toHaveURL(/\/signin/);
}

/** Nothing that axe finds on the page is moderate, serious or critical. `soft` lets the test go on; `rules` are those asked about. */
export async function axe(page: Page, { soft = false, rules }: { soft?: boolean; rules?: string[] } = {}) {
  // axe is a script itself; what is drawn without scripts is looked at where they run.
  if (!scripted()) return;
  const builder = new AxeBuilder({ page });
  const { violations } = await (rules ? builder.withRules(rules) : builder).analyze();
  const faults = violations
    .filter(({ impact }) => impact !== 'minor')
    .map(({ id, impact, help, nodes }) => `${impact}: ${id}: ${help}\n${nodes.map((node) => `    ${node.html}\n    ${node.failureSummary}`).join('\n')}`);
  (soft ? expect.soft : expect)(faults, `accessibility of ${new URL(page.url()).pathname}`).toEqual([]);
}

export const SIZES = { desktop: { width: 1360, height: 860 }, phone: { width: 412, height: 839 } };

/**
 * Takes pictures of the page into test-results/shots/, light and dark, on a desktop and on a phone, and asks axe about all of them: about
 * everything in the light, about contrast in the dark. Faults let the test go on, so that one run names those of every page. Only on the
 * desktop that all tests run on.
 */
export async function look(page: Page, name: string, sizes: (keyof typeof SIZES)[] = ['desktop', 'phone']) {
  if (test.info().project.name !== 'desktop') return;
  await expect(page.locator('h1').first(), 'the page has a heading').toBeAttached();
  for (const size of sizes) {
    await page.setViewportSize(SIZES[size]);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      const suffix = colorScheme === 'dark' ? '-dark' : '';
      await page.screenshot({ path: `test-results/shots/${size}-${name}${suffix}.png`, fullPage: true, animations: 'disabled' });
      await axe(page, { soft: true, rules: colorScheme === 'dark' ? ['color-contrast'] : undefined });
    }
    await nothingSticksOut(page, size);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(SIZES.desktop);
}

async function nothingSticksOut(page: Page, size: string) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect.soft(wide, `nothing sticks out to the right on a ${size}`).toBeLessThanOrEqual(0);
  const inside = await page.evaluate(() => [...document.querySelectorAll('main')].map((main) => main.scrollWidth - main.clientWidth));
  expect.soft(Math.max(0, ...inside), `nothing is cut off on the right on a ${size}`).toBe(0);
}

/** What the simulator says of a message. */
export interface SimMessage {
  sid: string;
  from: string | null;
  to: string;
  body: string;
  status: string;
}

/** A template for WhatsApp, and how it stands; none: it was not handed in. */
export interface SimTemplate {
  content: { sid: string; friendly_name: string; language: string; variables: Record<string, string>; approval: { name: string } | null };
  standing: { status: string; category: string; rejection_reason: string } | null;
}

export interface SimMail {
  subject: string;
  text: string | null;
  html: string | null;
}

/** The customers' phones and everybody's mail, by the simulator's control door. */
export class Sim {
  constructor(private readonly api: APIRequestContext) {}

  /** A customer at `from` texts our number `to`. */
  async text(from: string, to: string, body: string) {
    const answer = await this.api.post('/control/inbound', { data: { from, to, body } });
    expect(answer.ok(), `the simulator took the text: ${answer.status()} ${await answer.text()}`).toBe(true);
  }

  /** What arrived on the phone `to`, oldest first. */
  async messages(to: string): Promise<SimMessage[]> {
    const answer = await this.api.get('/control/messages', { params: { to } });
    expect(answer.ok(), `the simulator listed messages: ${answer.status()}`).toBe(true);
    return (await answer.json()).messages;
  }

  /** Waits until a text that matches has arrived on the phone `to`. */
  async received(to: string, text: RegExp | string): Promise<SimMessage> {
    const matches = ({ body }: SimMessage) => (typeof text === 'string' ? body.includes(text) : text.test(body));
    let found: SimMessage | undefined;
    await expect
      .poll(async () => (found = (await this.messages(to)).find(matches)) !== undefined, { message: `a text like ${text} on ${to}` })
      .toBe(true);
    return found!;
  }

  /** The e-mails to this address, oldest first. */
  async mails(to: string): Promise<SimMail[]> {
    const answer = await this.api.get('/control/mails', { params: { to } });
    expect(answer.ok(), `the simulator listed mails: ${answer.status()}`).toBe(true);
    return (await answer.json()).mails;
  }

  /** A WhatsApp sender (E.164) that the account has, which posts there. Its address is `whatsapp:` and the number. */
  async sender(phone: string, urls: { callback_url?: string; status_callback_url?: string } = {}): Promise<string> {
    await this.control('senders', { phone, ...urls });
    return `whatsapp:${phone}`;
  }

  /** A WhatsApp sender goes off, or on again: `{sender_id, status: 'OFFLINE', offline_reasons: [{code: '63020'}]}`. */
  async senderState(state: Record<string, unknown>) {
    await this.control('senders/state', state);
  }

  /** Somebody on WhatsApp taps a button of the last message that matches. */
  async tap(from: string, to: string, text: RegExp | string, button: string) {
    const message = await this.received(from, text);
    await this.control('inbound', { from, to, tap: { message_sid: message.sid, button } });
  }

  /** Somebody looks at their WhatsApp: what was delivered is read. */
  async look(person: string) {
    await this.control('read', { person });
  }

  /** The 24 hours in which somebody may be written to in any words are over. */
  async closeWindow(sender_id: string, person: string) {
    await this.control('window/close', { sender_id, person });
  }

  /** The templates that were made, oldest first. */
  async templates(): Promise<SimTemplate[]> {
    const answer = await this.api.get('/control/contents');
    expect(answer.ok(), `the simulator listed templates: ${answer.status()}`).toBe(true);
    return (await answer.json()).contents;
  }

  /** WhatsApp says how a template stands: `approved`, `rejected`, `paused`, `disabled`. */
  async decide(sid: string, status: string, rejection_reason = '') {
    await this.control(`contents/${sid}/approval`, { status, rejection_reason });
  }

  /** A mail's fate once it was taken; where bounces and complaints are posted (see crates/twilio-sim/src/mail/reports.rs). */
  async reportMailsTo(url: string, headers: [string, string][] = []) {
    await this.control('mail-reports', { url, headers });
  }

  private async control(path: string, data: Record<string, unknown>) {
    const answer = await this.api.post(`/control/${path}`, { data });
    expect(answer.ok(), `the simulator did ${path}: ${answer.status()} ${await answer.text()}`).toBe(true);
  }

  /** Makes the next sends go wrong: `{kind: 'refuse' | 'rate_limit' | 'error_after' | …, to, count}`; crates/twilio-sim/src/faults.rs has all. */
  async fault(fault: Record<string, unknown>) {
    const answer = await this.api.post('/control/faults', { data: fault });
    expect(answer.ok(), `the simulator took the fault: ${answer.status()} ${await answer.text()}`).toBe(true);
  }
}

/** Somebody else who works in the business of `owner`, signed in at a browser of their own. */
export async function newColleague(browser: Browser, owner: Account, name = 'Maya Lopez'): Promise<Page> {
  const showup = process.env.SHOWUP_BIN ?? join(__dirname, '../target/debug/showup');
  const account = { email: `maya.${owner.email}`, password: owner.password };
  const slug = owner.business.toLowerCase().replace(/ /g, '-');
  execFileSync(showup, ['admin', 'add-member', '--business', slug, '--name', name, '--email', account.email, '--password', account.password]);
  const { viewport, isMobile, hasTouch } = test.info().project.use;
  const context = await browser.newContext({ viewport, isMobile, hasTouch });
  const page = await context.newPage();
  await signIn(page, account);
  return page;
}
