import { randomInt } from 'node:crypto';
import AxeBuilder from '@axe-core/playwright';
import { type APIRequestContext, type Page, test as base, expect, request } from '@playwright/test';

export { expect };

export const DEMO = { email: 'demo@showup.test', password: 'demo-showup-2026' };

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
        // An answer with status 4xx is reported too, and is often what the test is about.
        if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) said.push(message.text());
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

/** Skips the test in the projects without JavaScript. */
export function needsJs(reason: string) {
  test.skip(({ javaScriptEnabled }) => javaScriptEnabled === false, `needs JavaScript: ${reason}`);
}

/** Signs in through the form and waits for the inbox. */
export async function signIn(page: Page, { email, password }: { email: string; password: string } = DEMO) {
  await page.goto('/signin');
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page).toHaveURL(/\/inbox/);
}

/** Signs up a business of its own, so that tests don't see one another, and waits for the inbox. */
export async function newBusiness(page: Page): Promise<Account> {
  const account = newAccount();
  await page.goto('/signup');
  await page.getByLabel('Business name').fill(account.business);
  await page.getByLabel('Your name').fill(account.name);
  await page.getByLabel('E-mail').fill(account.email);
  await page.getByLabel('Password').fill(account.password);
  await page.getByRole('button', { name: 'Create business' }).click();
  await expect(page).toHaveURL(/\/inbox/);
  return account;
}

/** Names and an address that no other test has. */
export function newAccount(): Account {
  const id = `${Date.now().toString(36)}${randomInt(1e6).toString(36)}`;
  return { business: `Salon ${id}`, name: 'Robin Okafor', email: `robin.${id}@example.com`, password: `correct horse ${id}` };
}

const AREA_CODES = '205 206 212 213 214 216 303 305 312 313 314 404 407 412 415 503 504 512 602 612 615 617 619 702 713 718 773 801 808 816'.split(' ');

/** A number nobody has: 555-0100 to 555-0199 are kept free for examples, in every area code. */
export function newPhone(): string {
  return `+1${AREA_CODES[randomInt(AREA_CODES.length)]}55501${String(randomInt(100)).padStart(2, '0')}`;
}

/** Opens the account menu and signs out. */
export async function signOut(page: Page) {
  await page.locator('summary').and(page.getByText('Account').or(page.getByLabel('Account'))).locator('visible=true').first().click();
  await page.getByRole('button', { name: 'Sign out' }).locator('visible=true').first().click();
  await expect(page).toHaveURL(/\/signin/);
}

/**
 * Nothing that axe finds on the page is moderate, serious or critical. `soft` lets the test go on, so that one run names
 * the faults of every page.
 */
export async function axe(page: Page, { soft = false } = {}) {
  const twin = test.info().project.use.javaScriptEnabled === false ? await scriptedTwin(page) : undefined;
  const { violations } = await new AxeBuilder({ page: twin ?? page }).analyze();
  await twin?.context().close();
  const faults = violations
    .filter(({ impact }) => impact !== 'minor')
    .map(({ id, impact, help, nodes }) => `${impact}: ${id}: ${help}\n${nodes.map((node) => `    ${node.html}\n    ${node.failureSummary}`).join('\n')}`);
  (soft ? expect.soft : expect)(faults, `accessibility of ${new URL(page.url()).pathname}`).toEqual([]);
}

/** axe is a script itself and can't run without them: the same document in a page that may, with its own scripts removed. */
async function scriptedTwin(page: Page): Promise<Page> {
  const dark = await page.evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches);
  const context = await page.context().browser()!.newContext({ javaScriptEnabled: true, colorScheme: dark ? 'dark' : 'light' });
  const twin = await context.newPage();
  const body = (await page.content()).replace(/<script\b[\s\S]*?<\/script>|<\/?noscript[^>]*>|<link[^>]+modulepreload[^>]*>/g, '');
  await twin.route(page.url(), (route) => route.fulfill({ contentType: 'text/html; charset=utf-8', body }));
  await twin.goto(page.url());
  return twin;
}

/** What the simulator says of a message. */
export interface SimMessage {
  sid: string;
  from: string | null;
  to: string;
  body: string;
  status: string;
}

/** The customers' phones, by the simulator's control door. */
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
      .poll(async () => (found = (await this.messages(to)).find(matches)) !== undefined, { message: `a text like ${text} on ${to}`, timeout: 15_000 })
      .toBe(true);
    return found!;
  }

  /** Makes the next sends go wrong: `{kind: 'refuse' | 'rate_limit' | 'error_after' | …, to, count}`; crates/twilio-sim/src/faults.rs has all. */
  async fault(fault: Record<string, unknown>) {
    const answer = await this.api.post('/control/faults', { data: fault });
    expect(answer.ok(), `the simulator took the fault: ${answer.status()} ${await answer.text()}`).toBe(true);
  }
}
