// Signs in as the demo business once, before all tests: signing in is slow on purpose.
import { type FullConfig, request } from '@playwright/test';
import { DEMO, postForm } from './forms';

export const DEMO_STATE = 'test-results/demo-state.json';

export default async function signInOnce({ projects: [{ use }] }: FullConfig) {
  const api = await request.newContext({ baseURL: use.baseURL, timeout: 120_000 });
  const path = await postForm(api, '/signin', 'sign_in', { ...DEMO, next: '/inbox' });
  if (path !== '/inbox') throw new Error(`the demo business can't sign in: led to ${path}`);
  await api.storageState({ path: DEMO_STATE });
  await api.dispose();
}
