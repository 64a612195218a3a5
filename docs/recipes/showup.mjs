const { SHOWUP_URL, SHOWUP_KEY } = process.env;

/** What is answered. `once` makes a POST one, however often it is sent. */
export async function showup(method, path, body, once) {
  const headers = { Authorization: `Bearer ${SHOWUP_KEY}` };
  if (body) headers['Content-Type'] = 'application/json';
  if (once) headers['Idempotency-Key'] = once;
  const answer = await fetch(`${SHOWUP_URL}/api/v1${path}`, { method, headers, body: body && JSON.stringify(body) });
  const said = answer.status === 204 ? undefined : await answer.json();
  if (!answer.ok) throw new Error(`${said.title}: ${said.detail} (${said.instance})`);
  return said;
}
