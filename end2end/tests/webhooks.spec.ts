// A program of the business's own is called when something happens: it checks the signature with the official library, and its owner looks
// at what it was told.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { axe, expect, newBusiness, newCustomer, test } from '../helpers';

interface Call {
  headers: Record<string, string>;
  body: string;
}

/** The program: it takes what it is told, or not. */
class Program {
  readonly calls: Call[] = [];
  status = 200;
  private constructor(private server: Server) {}

  static async start(): Promise<Program> {
    const server = createServer();
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    const program = new Program(server);
    server.on('request', (request, answer) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        program.calls.push({ headers: request.headers as Record<string, string>, body: Buffer.concat(parts).toString() });
        answer.writeHead(program.status).end('so be it');
      });
    });
    return program;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/hook`;
  }

  /** The call of this type, once it came. */
  async told(type: string): Promise<Call> {
    const find = () => this.calls.find((call) => JSON.parse(call.body).type === type);
    await expect.poll(() => find() !== undefined, { timeout: 60_000, message: type }).toBe(true);
    return find()!;
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

test('a program is called when something happens, and its owner sees what it was told', { tag: '@form' }, async ({ page }) => {
  const program = await Program.start();
  try {
    await newBusiness(page);
    await page.goto('/settings/webhooks');
    await expect(page.getByText('There is none.')).toBeVisible();
    await page.getByLabel('Address').fill(program.url);
    await page.getByRole('button', { name: 'Make a webhook' }).click();
    const shown = page.locator('[data-secret] code');
    await expect(shown).toHaveText(/^whsec_/);
    const library = new Webhook((await shown.textContent())!);
    await axe(page);

    const customer = await newCustomer(page);
    const created = await program.told('contact.created');
    expect(library.verify(created.body, created.headers)).toMatchObject({ type: 'contact.created', data: { contact_id: customer.id } });
    expect(created.body, 'ids and states alone').not.toContain(customer.name);
    expect(() => library.verify(created.body.replace('created', 'changed'), created.headers)).toThrow();

    // One that does not take it: it is said, with the answer, and posted again when somebody asks for it.
    await page.goto('/settings/webhooks');
    await page.getByRole('link', { name: program.url }).click();
    await expect(page.getByRole('heading', { name: program.url })).toBeVisible();
    await axe(page);
    program.status = 500;
    await page.getByRole('button', { name: 'Send a test' }).click();
    const first = await program.told('webhook.test');
    await expect(async () => {
      await page.reload();
      await expect(page.getByText('It answered 500.').first()).toBeVisible({ timeout: 1_000 });
    }).toPass({ timeout: 60_000 });
    program.status = 200;
    await page.getByTestId('webhook-delivery').filter({ hasText: 'webhook.test' }).getByRole('link').click();
    await expect(page.getByRole('region', { name: 'What is posted' })).toContainText('"type":"webhook.test"');
    await axe(page);
    await page.getByRole('button', { name: 'Post it again' }).click();
    await expect(async () => {
      await page.reload();
      await expect(page.getByText(/Delivered/).first()).toBeVisible({ timeout: 1_000 });
    }).toPass({ timeout: 60_000 });
    const ids = program.calls.filter((call) => call.body === first.body).map((call) => call.headers['webhook-id']);
    expect(new Set(ids).size, 'it is the same, however often it comes').toBe(1);

    // Off, on, and away.
    await page.getByRole('link', { name: 'Its webhook' }).click();
    await page.getByRole('button', { name: 'Switch off' }).click();
    await expect(page.getByText('It is switched off.')).toBeVisible();
    await page.getByRole('button', { name: 'Switch on' }).click();
    await expect(page.getByText('It is switched off.')).toHaveCount(0);
    await page.getByText('Remove…').click();
    await page.getByRole('button', { name: 'Remove it' }).click();
    await expect(page).toHaveURL(/\/settings\/webhooks$/);
    await expect(page.getByText('There is none.')).toBeVisible();
  } finally {
    program.stop();
  }
});
