// Forms as a browser without scripts posts them, but nothing is drawn, which is fast.
import { type APIRequestContext } from '@playwright/test';

export const DEMO = { email: 'demo@showup.test', password: 'demo-showup-2026' };

/** Fetches the page at `path`, posts its form `name`, and gives the path the answer leads to. */
export async function postForm(api: APIRequestContext, path: string, name: string, form: Record<string, string>): Promise<string> {
  const html = await (await api.get(path)).text();
  const action = new RegExp(`action="(/api/fn/${name}\\d+)"`).exec(html)?.[1];
  if (!action) throw new Error(`${path} has no form ${name}: ${html.slice(0, 2000)}`);
  const answer = await api.post(action, { form, headers: { accept: 'text/html' }, maxRedirects: 0 });
  if (answer.status() !== 302) throw new Error(`the form ${name} was answered with ${answer.status()}: ${(await answer.text()).slice(0, 2000)}`);
  return answer.headers().location;
}
